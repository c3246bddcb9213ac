import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dynamoProviderHealth } from '../../lambda/aws/dynamo-provider-health.ts';
import type { Clock } from '../../lambda/core/clock.ts';
import { cachedProviderHealth } from '../../lambda/providers/cached-provider-health.ts';
import { FORGOTTEN_AFTER_MS, type ProviderHealth } from '../../lambda/providers/provider-health.ts';
import { memoryProviderHealth } from '../../local/memory/provider-health.ts';
import { type EmbeddedDynamo, embeddedDynamo } from '../support/embedded-dynamo.ts';
import { describeProviderHealth } from './provider-health.ts';

let dynamo: EmbeddedDynamo;
beforeAll(async () => {
  dynamo = await embeddedDynamo();
});
afterAll(() => dynamo.close());

const inDynamo = async (clock: Clock) =>
  dynamoProviderHealth({
    table: await dynamo.createTable(),
    client: dynamo.client,
    clock,
    timeoutMs: 15_000,
    forgottenAfterMs: FORGOTTEN_AFTER_MS,
  });

describeProviderHealth('in memory', async (clock) => memoryProviderHealth(clock));
describeProviderHealth('in DynamoDB', inDynamo);

const times = fc.integer({ min: 1, max: 3 });
const offset = fc.integer({ min: -1_000, max: 3_000 });
const key = fc.constantFrom('a', 'b');
const step = fc.oneof(
  fc.record({ do: fc.constant('evict' as const), key, offset, times }),
  fc.record({ do: fc.constant('startTry' as const), key, offset, times }),
  fc.record({ do: fc.constant('endTry' as const), key, times }),
  fc.record({ do: fc.constant('clear' as const), key, times }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 999, 1_000, FORGOTTEN_AFTER_MS) }),
);

const apply = (
  health: ProviderHealth,
  one: Exclude<typeof step extends fc.Arbitrary<infer Step> ? Step : never, { do: 'wait' }>,
  now: number,
) =>
  one.do === 'evict' || one.do === 'startTry'
    ? health[one.do](one.key, now + one.offset, one.times)
    : health[one.do](one.key, one.times);

test('memory, DynamoDB and what caches it agree on any sequence of words and waits', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const time = { now: 1_800_000_000_000 };
      const clock = () => time.now;
      const all = [
        memoryProviderHealth(clock),
        cachedProviderHealth(memoryProviderHealth(clock), clock),
        await inDynamo(clock),
      ];
      for (const one of steps) {
        if (one.do === 'wait') {
          time.now += one.ms;
          continue;
        }
        const [expected, ...others] = await Promise.all(all.map((health) => apply(health, one, time.now)));
        expect(others).toEqual([expected, expected]);
        const [seen, ...alsoSeen] = await Promise.all(all.map((health) => health.read(['a', 'b'])));
        expect(alsoSeen).toEqual([seen, seen]);
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);
