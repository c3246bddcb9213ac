import { describe, expect, test } from '@jest/globals';
import type { Clock } from '../../lambda/core/clock.ts';
import type { Demand, LimitCounter } from '../../lambda/policy/limit-counter.ts';

export const demand = (changes: Partial<Demand> = {}): Demand => ({
  bucket: 'jane',
  name: 'calls',
  amount: 1,
  limit: 50,
  windowSeconds: 60,
  ...changes,
});

const START = 1_800_000_000_000;

/** What every `LimitCounter` promises. `make` gives an empty one. */
export const describeLimitCounter = (where: string, make: (clock: Clock) => Promise<LimitCounter>) =>
  describe(`a limit counter ${where}`, () => {
    const started = async () => {
      const time = { now: START };
      return { time, counter: await make(() => time.now) };
    };

    test('counts each key on its own', async () => {
      const { counter } = await started();
      await counter.take([demand()]);
      expect((await counter.take([demand()])).states[0]?.used).toBe(2);
      expect((await counter.take([demand({ bucket: 'joe' })])).states[0]?.used).toBe(1);
      expect((await counter.take([demand({ name: 'other' })])).states[0]?.used).toBe(1);
      expect((await counter.take([demand({ windowSeconds: 61 })])).states[0]?.used).toBe(1);
    });

    test('tells how much is used and when the window that the first call opened ends', async () => {
      const { counter, time } = await started();
      expect(await counter.take([demand()])).toEqual({ states: [{ used: 1, resetsAtMs: START + 60_000 }] });
      time.now += 59_999;
      expect(await counter.take([demand({ amount: 5 })])).toEqual({
        states: [{ used: 6, resetsAtMs: START + 60_000 }],
      });
    });

    test('starts again in the next window, to the millisecond', async () => {
      const { counter, time } = await started();
      await counter.take([demand({ limit: 1 })]);
      time.now += 59_999;
      expect((await counter.take([demand({ limit: 1 })])).refusedBy).toBe(0);
      time.now += 1;
      expect(await counter.take([demand({ limit: 1 })])).toEqual({
        states: [{ used: 1, resetsAtMs: START + 120_000 }],
      });
    });

    test('keeps nothing of the last window under any name', async () => {
      const { counter, time } = await started();
      await counter.take([demand({ name: 'old', limit: 1 })]);
      time.now += 60_000;
      await counter.take([demand({ name: 'new' })]);
      expect((await counter.take([demand({ name: 'old', limit: 1 })])).states[0]?.used).toBe(1);
    });

    test('a clock that steps back gives nobody a second budget', async () => {
      const { counter, time } = await started();
      await counter.take([demand({ limit: 1 })]);
      time.now -= 30_000;
      expect((await counter.take([demand({ limit: 1 })])).refusedBy).toBe(0);
    });

    test('the 51st call is refused and nothing else is counted then', async () => {
      const { counter } = await started();
      const both = [demand({ name: 'roomy', limit: 1000 }), demand()];
      for (let i = 0; i < 50; i++) expect((await counter.take(both)).refusedBy).toBeUndefined();
      const refused = await counter.take(both);
      expect(refused.refusedBy).toBe(1);
      expect(refused.states.map(({ used }) => used)).toEqual([50, 50]);
      expect((await counter.take([demand({ name: 'roomy', limit: 1000, amount: 0 })])).states[0]?.used).toBe(50);
    });

    test('a refusal gives back what others took, in other buckets and windows too', async () => {
      const { counter } = await started();
      await counter.take([demand({ bucket: 'full', limit: 1 })]);
      const all = [
        demand(),
        demand({ windowSeconds: 3600 }),
        demand({ bucket: 'full', limit: 1 }),
        demand({ bucket: 'x' }),
      ];
      const refused = await counter.take(all);
      expect(refused.refusedBy).toBe(2);
      expect(refused.states.map(({ used }) => used)).toEqual([0, 0, 1, 0]);
      for (const one of [demand(), demand({ windowSeconds: 3600 }), demand({ bucket: 'x' })]) {
        expect((await counter.take([one])).states[0]?.used).toBe(1);
      }
    });

    test('names the first of several that have no room', async () => {
      const { counter } = await started();
      const all = [demand({ name: 'a', limit: 9 }), demand({ name: 'b', limit: 1 }), demand({ bucket: 'c', limit: 1 })];
      await counter.take(all);
      expect((await counter.take(all)).refusedBy).toBe(1);
      expect((await counter.take(all.toReversed())).refusedBy).toBe(0);
    });

    test('an amount greater than the limit is refused, in a fresh window too', async () => {
      const { counter } = await started();
      const tooMuch = demand({ amount: 51 });
      expect(await counter.take([tooMuch])).toEqual({
        refusedBy: 0,
        states: [{ used: 0, resetsAtMs: START + 60_000 }],
      });
      await counter.take([demand({ amount: 50 })]);
      expect(await counter.take([tooMuch])).toMatchObject({ refusedBy: 0, states: [{ used: 50 }] });
      expect((await counter.take([demand({ amount: 0 })])).refusedBy).toBeUndefined();
    });

    test('two demands on one counter add up', async () => {
      const { counter } = await started();
      const twice = [demand({ limit: 3 }), demand({ limit: 3 })];
      expect((await counter.take(twice)).states.map(({ used }) => used)).toEqual([2, 2]);
      expect(await counter.take(twice)).toMatchObject({ refusedBy: 1, states: [{ used: 2 }, { used: 2 }] });
    });

    test('200 concurrent takes at the edge admit exactly the limit', async () => {
      const { counter } = await started();
      const takes = await Promise.all(Array.from({ length: 200 }, () => counter.take([demand()])));
      expect(takes.filter(({ refusedBy }) => refusedBy === undefined)).toHaveLength(50);
      const used = takes.filter(({ refusedBy }) => refusedBy === undefined).map(({ states }) => states[0]?.used ?? 0);
      expect(used.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    });

    test('concurrent takes over two buckets never admit more than the smaller limit, and give the rest back', async () => {
      const { counter } = await started();
      const both = [demand({ limit: 100 }), demand({ bucket: 'team', limit: 7 })];
      const takes = await Promise.all(Array.from({ length: 40 }, () => counter.take(both)));
      expect(takes.filter(({ refusedBy }) => refusedBy === undefined)).toHaveLength(7);
      expect((await counter.take([demand({ amount: 0 })])).states[0]?.used).toBe(7);
    });

    test.each([
      'pk',
      's',
      'r',
      'ttl',
      'c#x',
      '#n0',
      ':a0',
      '__proto__',
      'constructor',
      'a b."\'\n',
      '𝔘\u0000é',
      'x'.repeat(500),
    ])('a hostile key is only a key: %j', async (hostile) => {
      const { counter } = await started();
      const mine = [demand({ bucket: hostile, name: hostile, limit: 2 }), demand({ bucket: hostile, limit: 2 })];
      expect((await counter.take(mine)).states.map(({ used }) => used)).toEqual([1, 1]);
      expect((await counter.take(mine)).states.map(({ used }) => used)).toEqual([2, 2]);
      expect((await counter.take(mine)).refusedBy).toBe(0);
      expect((await counter.take([demand()])).states[0]?.used).toBe(1);
    });

    test('buckets and windows can not be made to meet in one key', async () => {
      const { counter } = await started();
      await counter.take([demand({ bucket: 'a#60', windowSeconds: 6 })]);
      expect((await counter.take([demand({ bucket: 'a', windowSeconds: 606 })])).states[0]?.used).toBe(1);
      expect((await counter.take([demand({ bucket: 'a#60#6', windowSeconds: 6 })])).states[0]?.used).toBe(1);
    });

    test('no demands are no trouble', async () => {
      const { counter } = await started();
      expect(await counter.take([])).toEqual({ states: [] });
    });
  });
