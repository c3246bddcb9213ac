import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { dynamoProviderHealth } from '../../../lambda/aws/dynamo-provider-health.ts';
import { createAwsJsonClient } from '../../../lambda/aws/json-client.ts';
import type { ProviderHealth } from '../../../lambda/providers/provider-health.ts';
import { type EmbeddedDynamo, embeddedDynamo, type Fault, TEST_CREDENTIALS } from '../../support/embedded-dynamo.ts';

const NOW = 1_800_000_000_000;

let dynamo: EmbeddedDynamo;
let table: string;
let health: ProviderHealth;

beforeAll(async () => {
  dynamo = await embeddedDynamo();
});
afterAll(() => dynamo.close());
beforeEach(async () => {
  dynamo.fault = () => undefined;
  table = await dynamo.createTable();
  health = dynamoProviderHealth({
    table,
    client: dynamo.client,
    clock: () => NOW,
    timeoutMs: 400,
    forgottenAfterMs: 600_000,
  });
});

test('one item for each provider and model, with its time to be cleaned away well after it is forgotten', async () => {
  await health.evict('openai/gpt-4o', NOW + 30_000, 2);
  await health.startTry('openai/gpt-4o', NOW + 60_000, 2);
  expect(await dynamo.read(table)).toEqual([
    {
      pk: { S: 'H#openai/gpt-4o' },
      n: { N: '2' },
      s: { N: String(NOW) },
      u: { N: String(NOW + 30_000) },
      ttl: { N: String(NOW / 1000 + 30 + 600 + 3_600) },
    },
  ]);
});

test('only what the function may do is asked of the table', async () => {
  await health.read(['a', 'b']);
  await health.evict('a', NOW, 1);
  await health.startTry('a', NOW + 1, 1);
  await health.endTry('a', 1);
  await health.clear('a', 1);
  expect(new Set(dynamo.operations)).toEqual(new Set(['GetItem', 'UpdateItem']));
  expect(dynamo.operations).toHaveLength(6);
});

describe('a store in trouble is an answer, not an error', () => {
  test.each<Fault>(['error', 'hang', 'throttle'])('%s', async (fault) => {
    dynamo.fault = () => fault;
    expect(await health.read(['a'])).toBeUndefined();
    expect(await health.evict('a', NOW, 1)).toBe('unavailable');
    expect(await health.startTry('a', NOW, 1)).toBe('unavailable');
    expect(await health.endTry('a', 1)).toBe('unavailable');
    expect(await health.clear('a', 1)).toBe('unavailable');
  });

  test('one key that can not be read makes the whole of it unknown', async () => {
    let reads = 0;
    dynamo.fault = () => (++reads === 2 ? undefined : 'hang');
    expect(await health.read(['a', 'b'])).toBeUndefined();
  });

  test('nobody listens', async () => {
    const client = createAwsJsonClient({
      service: 'dynamodb',
      region: 'eu-central-1',
      credentials: () => TEST_CREDENTIALS,
      clock: () => NOW,
      endpoint: 'http://127.0.0.1:1/',
    });
    const away = dynamoProviderHealth({ table, client, clock: () => NOW, timeoutMs: 400, forgottenAfterMs: 600_000 });
    expect(await away.read(['a'])).toBeUndefined();
    await client.close();
  });

  test('but a bug is one', async () => {
    const client = { send: () => Promise.reject(new TypeError('a bug')), close: async () => {} };
    const broken = dynamoProviderHealth({ table, client, clock: () => NOW, timeoutMs: 400, forgottenAfterMs: 600_000 });
    await expect(broken.read(['a'])).rejects.toThrow('a bug');
    await expect(broken.evict('a', NOW, 1)).rejects.toThrow('a bug');
  });
});
