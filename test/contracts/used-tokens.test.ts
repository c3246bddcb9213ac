import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { dynamoUsedTokens } from '../../lambda/aws/dynamo-used-tokens.ts';
import type { Clock } from '../../lambda/core/clock.ts';
import type { UsedTokens } from '../../lambda/token/ports.ts';
import { memoryUsedTokens } from '../../local/memory/used-tokens.ts';
import { type EmbeddedDynamo, embeddedDynamo } from '../support/embedded-dynamo.ts';

const START = 1_800_000_000_000;

let dynamo: EmbeddedDynamo;
beforeAll(async () => {
  dynamo = await embeddedDynamo();
});
afterAll(() => dynamo.close());

const inDynamo = async (clock: Clock, timeoutMs = 15_000) =>
  dynamoUsedTokens({ table: await dynamo.createTable(), client: dynamo.client, clock, timeoutMs });

const MAKERS: [string, (clock: Clock) => Promise<UsedTokens>][] = [
  ['in memory', async (clock) => memoryUsedTokens(clock)],
  ['in DynamoDB', inDynamo],
];

describe.each(MAKERS)('used tokens %s', (_where, make) => {
  test('one use is the first, however many come at once', async () => {
    const used = await make(() => START);
    const uses = await Promise.all(Array.from({ length: 30 }, () => used.use('a', START + 1_000)));
    expect(uses.filter(Boolean)).toHaveLength(1);
    expect(await used.use('b', START + 1_000)).toBe(true);
  });

  test('a use is remembered until the token ends, and no longer', async () => {
    const time = { now: START };
    const used = await make(() => time.now);
    await used.use('a', START + 1_000);
    time.now = START + 999;
    expect(await used.use('a', START + 1_000)).toBe(false);
    time.now = START + 1_000;
    expect(await used.use('a', START + 2_000)).toBe(true);
  });
});

test.each(['throttle', 'error', 'hang'] as const)('a store that fails takes no token: %s', async (fault) => {
  const used = await inDynamo(() => START, 300);
  dynamo.fault = () => fault;
  await expect(used.use('a', START + 1)).rejects.toMatchObject({ code: 'limits_unavailable' });
  dynamo.fault = () => undefined;
});

test('an item has its own prefix and is cleaned away after its end', async () => {
  const table = await dynamo.createTable();
  await dynamoUsedTokens({ table, client: dynamo.client, clock: () => START, timeoutMs: 15_000 }).use('a', START);
  const [item] = await dynamo.read(table);
  expect(item?.pk?.S).toBe('U#a');
  expect(Number(item?.ttl?.N)).toBeGreaterThan(START / 1_000);
});
