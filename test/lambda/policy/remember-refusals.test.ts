import { expect, test } from '@jest/globals';
import type { LimitCounter } from '../../../lambda/policy/limit-counter.ts';
import { rememberRefusals } from '../../../lambda/policy/remember-refusals.ts';
import { memoryLimitCounter } from '../../../local/memory/limit-counter.ts';
import { demand } from '../../contracts/limit-counter.ts';

const started = () => {
  const time = { now: 1_000_000 };
  const memory = memoryLimitCounter(() => time.now);
  const asked: number[] = [];
  const counting: LimitCounter = {
    take(demands) {
      asked.push(demands.length);
      return memory.take(demands);
    },
  };
  return { time, asked, counter: rememberRefusals(counting, () => time.now) };
};

test('a refusal is given again without asking, until the window ends', async () => {
  const { time, asked, counter } = started();
  await counter.take([demand({ limit: 1 })]);
  const first = await counter.take([demand({ limit: 1 })]);
  expect(await counter.take([demand({ limit: 1 })])).toEqual(first);
  expect(asked).toHaveLength(2);
  time.now += 60_000;
  expect((await counter.take([demand({ limit: 1 })])).refusedBy).toBeUndefined();
});

test('a smaller amount, a greater limit or another key is asked for', async () => {
  const { asked, counter } = started();
  await counter.take([demand({ amount: 40 })]);
  await counter.take([demand({ amount: 11 })]);
  asked.length = 0;
  expect((await counter.take([demand({ amount: 10 })])).refusedBy).toBeUndefined();
  await counter.take([demand({ amount: 11, limit: 100 })]);
  await counter.take([demand({ amount: 11, bucket: 'joe' })]);
  expect(asked).toHaveLength(3);
});

test('of limits that were not asked it claims that nothing is left', async () => {
  const { counter } = started();
  await counter.take([demand({ limit: 1 })]);
  await counter.take([demand({ limit: 1 })]);
  const other = demand({ bucket: 'joe', limit: 9 });
  expect(await counter.take([other, demand({ limit: 1 })])).toMatchObject({
    refusedBy: 1,
    states: [{ used: 9 }, { used: 1 }],
  });
});

test('it keeps the 10,000 refusals used last', async () => {
  const { asked, counter } = started();
  const full = (i: number) => demand({ bucket: `b${i}`, limit: 1 });
  for (let i = 0; i < 10_001; i++) {
    await counter.take([full(i)]);
    await counter.take([full(i)]);
    if (i === 9_999) await counter.take([full(0)]);
  }
  asked.length = 0;
  await counter.take([full(0)]);
  expect(asked).toHaveLength(0);
  await counter.take([full(1)]);
  expect(asked).toHaveLength(1);
});

test('a demand greater than its whole limit is asked for each time: there may be no window that ends', async () => {
  const { time, counter } = started();
  const tooMuch = demand({ amount: 51 });
  const first = await counter.take([tooMuch]);
  time.now += 1;
  const second = await counter.take([tooMuch]);
  expect((second.states[0]?.resetsAtMs ?? 0) - (first.states[0]?.resetsAtMs ?? 0)).toBe(1);
});
