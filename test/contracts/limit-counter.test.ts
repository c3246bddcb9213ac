import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dynamoLimitCounter } from '../../lambda/aws/dynamo-limit-counter.ts';
import type { Clock } from '../../lambda/core/clock.ts';
import { rememberRefusals } from '../../lambda/policy/remember-refusals.ts';
import { memoryLimitCounter } from '../../local/memory/limit-counter.ts';
import { type EmbeddedDynamo, embeddedDynamo } from '../support/embedded-dynamo.ts';
import { describeLimitCounter } from './limit-counter.ts';

let dynamo: EmbeddedDynamo;
beforeAll(async () => {
  dynamo = await embeddedDynamo();
});
afterAll(() => dynamo.close());

const inDynamo = async (clock: Clock) =>
  dynamoLimitCounter({ table: await dynamo.createTable(), client: dynamo.client, clock, timeoutMs: 15_000 });

describeLimitCounter('in memory', async (clock) => memoryLimitCounter(clock));
describeLimitCounter('in DynamoDB', inDynamo);

const someDemand = fc.record({
  bucket: fc.constantFrom('a', 'b'),
  name: fc.constantFrom('x', 'y'),
  amount: fc.integer({ min: 0, max: 3 }),
  limit: fc.integer({ min: 0, max: 5 }),
  windowSeconds: fc.constantFrom(1, 3),
});
const someStep = fc.record({
  stepMs: fc.integer({ min: -700, max: 1800 }),
  demands: fc.array(someDemand, { maxLength: 4 }),
});

test('memory and DynamoDB agree on any sequence of takes and clock steps', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(someStep, { minLength: 1, maxLength: 12 }), async (steps) => {
      const time = { now: 1_800_000_000_000 };
      const memory = memoryLimitCounter(() => time.now);
      const stored = await inDynamo(() => time.now);
      for (const { stepMs, demands } of steps) {
        time.now += stepMs;
        expect(await stored.take(demands)).toEqual(await memory.take(demands));
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);

test('remembering refusals changes no decision of a counter that is never given back to', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(someStep, { minLength: 1, maxLength: 30 }), async (steps) => {
      const time = { now: 1_800_000_000_000 };
      const plain = memoryLimitCounter(() => time.now);
      const remembering = rememberRefusals(
        memoryLimitCounter(() => time.now),
        () => time.now,
      );
      for (const { stepMs, demands } of steps) {
        time.now += Math.max(0, stepMs);
        const [only] = demands;
        if (only === undefined) continue;
        expect((await remembering.take([only])).refusedBy).toBe((await plain.take([only])).refusedBy);
      }
    }),
  );
});
