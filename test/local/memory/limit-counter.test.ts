import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { memoryLimitCounter } from '../../../local/memory/limit-counter.ts';
import { demand } from '../../contracts/limit-counter.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('windows that have ended do not stay in memory', async () => {
  const time = { now: 0 };
  const counter = memoryLimitCounter(() => time.now);
  const fill = async () => {
    for (let i = 0; i < 40_000; i++) await counter.take([demand({ bucket: `${time.now}-${i}`, windowSeconds: 1 })]);
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = await fill();
  let after = before;
  for (let round = 0; round < 4; round++) {
    time.now += 20_000;
    after = await fill();
  }
  // Kept, the four rounds would add four times what the first left.
  expect(after - before).toBeLessThan(8_000_000);
  expect((await counter.take([demand()])).refusedBy).toBeUndefined();
});
