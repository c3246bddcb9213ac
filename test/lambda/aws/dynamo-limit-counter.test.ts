import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { dynamoLimitCounter } from '../../../lambda/aws/dynamo-limit-counter.ts';
import { giveBack, takeWindow } from '../../../lambda/aws/dynamo-window.ts';
import { createAwsJsonClient } from '../../../lambda/aws/json-client.ts';
import { systemClock } from '../../../lambda/core/clock.ts';
import type { LimitCounter } from '../../../lambda/policy/limit-counter.ts';
import { rememberRefusals } from '../../../lambda/policy/remember-refusals.ts';
import { demand } from '../../contracts/limit-counter.ts';
import { type EmbeddedDynamo, embeddedDynamo, type Fault, TEST_CREDENTIALS } from '../../support/embedded-dynamo.ts';

let dynamo: EmbeddedDynamo;
let table: string;
let counter: LimitCounter;
const time = { now: 0 };
const clock = () => time.now;

beforeAll(async () => {
  dynamo = await embeddedDynamo();
});
afterAll(() => dynamo.close());
beforeEach(async () => {
  dynamo.fault = () => undefined;
  time.now = 1_800_000_000_000;
  table = await dynamo.createTable();
  counter = dynamoLimitCounter({ table, client: dynamo.client, clock, timeoutMs: 1_000 });
});

/** The first of these operations meets the fault, later ones none. */
const once = (fault: Fault, operation: string): void => {
  let met = false;
  dynamo.fault = (found) => {
    if (met || found !== operation) return undefined;
    met = true;
    return fault;
  };
};

const unavailable = { name: 'Refusal', code: 'limits_unavailable' };

describe('what a take costs', () => {
  test('limits of one bucket and window are one write once the window is open', async () => {
    const three = [demand(), demand({ name: 'b' }), demand({ name: 'c' })];
    await counter.take(three);
    expect(dynamo.operations.splice(0)).toEqual(['UpdateItem', 'PutItem']);
    await counter.take(three);
    expect(dynamo.operations.splice(0)).toEqual(['UpdateItem']);
    await counter.take([demand({ name: 'new in this window' })]);
    expect(dynamo.operations).toEqual(['UpdateItem']);
  });

  test('a flood of refused calls costs nothing after the first', async () => {
    const remembering = rememberRefusals(counter, clock);
    await remembering.take([demand({ limit: 1 })]);
    await remembering.take([demand({ limit: 1 })]);
    dynamo.operations.length = 0;
    for (let i = 0; i < 100; i++) expect((await remembering.take([demand({ limit: 1 })])).refusedBy).toBe(0);
    expect(dynamo.operations).toEqual([]);
  });
});

describe('what is stored', () => {
  test('the AWS SDK reads what the counter wrote', async () => {
    const sdk = new DynamoDBClient({
      endpoint: dynamo.endpoint,
      region: 'eu-central-1',
      credentials: TEST_CREDENTIALS,
    });
    try {
      await counter.take([demand(), demand({ name: 'tokens', amount: 7 })]);
      const { Item } = await sdk.send(new GetItemCommand({ TableName: table, Key: { pk: { S: 'L#jane#60' } } }));
      expect(Item).toEqual({
        pk: { S: 'L#jane#60' },
        s: { N: '1800000000000' },
        r: { S: expect.stringMatching(/^[0-9a-f-]{36}$/) },
        ttl: { N: String(1_800_000_000 + 60 + 3600) },
        'c#calls': { N: '1' },
        'c#tokens': { N: '7' },
      });
    } finally {
      sdk.destroy();
    }
  });

  test('a window that has ended is over although the cleaner has not come', async () => {
    await counter.take([demand({ limit: 1 })]);
    time.now += 10 * 60_000;
    expect((await counter.take([demand({ limit: 1 })])).refusedBy).toBeUndefined();
    expect(await dynamo.read(table)).toHaveLength(1);
  });

  test('what is given back after its window was replaced is not taken off the new one', async () => {
    const store = { table, client: dynamo.client, clock };
    const mine = { bucket: 'jane', windowSeconds: 60, counters: new Map([['calls', { amount: 1, most: 49 }]]) };
    const signal = AbortSignal.timeout(5_000);
    const { startMs } = await takeWindow(store, mine, 'first', signal);
    time.now += 60_000;
    await counter.take([demand()]);
    await giveBack(store, mine, startMs, signal);
    expect((await counter.take([demand({ amount: 0 })])).states[0]?.used).toBe(1);
    await giveBack(store, mine, time.now, signal);
    expect((await counter.take([demand({ amount: 0 })])).states[0]?.used).toBe(0);
  });

  test('a give-back whose answer was lost is not repeated: that would give a call away', async () => {
    await counter.take([demand({ bucket: 'full', limit: 1 })]);
    await counter.take([demand({ amount: 5 })]);
    let updates = 0;
    // Two parallel takes, then the give-back.
    dynamo.fault = (operation) => (operation === 'UpdateItem' && ++updates === 3 ? 'error-after' : undefined);
    await counter.take([demand(), demand({ bucket: 'full', limit: 1 })]);
    expect((await counter.take([demand({ amount: 0 })])).states[0]?.used).toBe(5);
  });
});

describe('when the store is in trouble', () => {
  test('throttling that passes is waited out', async () => {
    let left = 2;
    dynamo.fault = () => (left-- > 0 ? 'throttle' : undefined);
    expect((await counter.take([demand()])).states[0]?.used).toBe(1);
  });

  test.each<Fault>(['throttle', 'error', 'lose-reply'])(
    '%s that stays refuses within the retry budget',
    async (fault) => {
      dynamo.fault = () => fault;
      const startedAt = performance.now();
      await expect(counter.take([demand()])).rejects.toMatchObject(unavailable);
      expect(performance.now() - startedAt).toBeLessThan(900);
      expect(dynamo.operations.length).toBeLessThanOrEqual(5);
    },
  );

  test('what it finds wrong with the request is not trouble that a policy may let pass', async () => {
    dynamo.fault = () => 'reject';
    await expect(counter.take([demand()])).rejects.toMatchObject({ name: 'AwsError', type: 'ValidationException' });
    expect(dynamo.operations).toHaveLength(1);
  });

  test('silence refuses when time is up, and is not asked again', async () => {
    dynamo.fault = () => 'hang';
    const hasty = dynamoLimitCounter({ table, client: dynamo.client, clock, timeoutMs: 100 });
    await expect(hasty.take([demand()])).rejects.toMatchObject({ ...unavailable, detail: { reason: 'Timeout' } });
    expect(dynamo.operations).toHaveLength(1);
  });

  test('a table that is not there refuses, and says nothing of what the service answered', async () => {
    const lost = dynamoLimitCounter({ table: 'nowhere', client: dynamo.client, clock, timeoutMs: 1_000 });
    await expect(lost.take([demand()])).rejects.toMatchObject({
      ...unavailable,
      detail: { store: 'dynamodb', reason: 'ResourceNotFoundException' },
      retryAfterSeconds: 1,
    });
  });

  test('a store that nobody runs refuses', async () => {
    const client = createAwsJsonClient({
      service: 'dynamodb',
      region: 'eu-central-1',
      credentials: () => TEST_CREDENTIALS,
      clock: systemClock,
      endpoint: 'http://127.0.0.1:1/',
    });
    const lost = dynamoLimitCounter({ table, client, clock, timeoutMs: 1_000 });
    await expect(lost.take([demand()])).rejects.toMatchObject({ ...unavailable, detail: { reason: 'Unreachable' } });
    await client.close();
  });

  test.each([
    ['lose-reply', 'UpdateItem'],
    ['error-after', 'UpdateItem'],
    ['lose-reply', 'PutItem'],
    ['error-after', 'PutItem'],
  ] as const)('a call is charged once after %s on %s', async (fault, operation) => {
    if (operation === 'UpdateItem') await counter.take([demand()]);
    once(fault, operation);
    const { refusedBy, states } = await counter.take([demand()]);
    expect(refusedBy).toBeUndefined();
    expect(states[0]?.used).toBe(operation === 'UpdateItem' ? 2 : 1);
    expect((await counter.take([demand({ amount: 0 })])).states[0]?.used).toBe(states[0]?.used);
  });

  test('the last call of a window is admitted although its answer was lost', async () => {
    await counter.take([demand({ limit: 2 })]);
    once('lose-reply', 'UpdateItem');
    expect((await counter.take([demand({ limit: 2 })])).refusedBy).toBeUndefined();
    expect((await counter.take([demand({ limit: 2 })])).refusedBy).toBe(0);
  });

  test('what one item took is given back when another can not be asked', async () => {
    await counter.take([demand(), demand({ bucket: 'team' })]);
    let updates = 0;
    // Of the two parallel updates one fails for good; the third is the give-back.
    dynamo.fault = (operation) => (operation === 'UpdateItem' && ++updates === 2 ? 'hang' : undefined);
    const hasty = dynamoLimitCounter({ table, client: dynamo.client, clock, timeoutMs: 150 });
    await expect(hasty.take([demand(), demand({ bucket: 'team' })])).rejects.toMatchObject(unavailable);
    const used = (await dynamo.read(table)).map((item) => item['c#calls']?.N);
    expect(used).toEqual(['1', '1']);
  });

  test('a full limit refuses even when another can not be asked, so that failing open does not lift it', async () => {
    await counter.take([demand({ limit: 1 })]);
    const client = {
      ...dynamo.client,
      send: (operation: string, input: object, options: Parameters<typeof dynamo.client.send>[2]) =>
        JSON.stringify(input).includes('L#team#60')
          ? dynamo.client.send(operation, { ...input, TableName: 'nowhere' }, options)
          : dynamo.client.send(operation, input, options),
    };
    const half = dynamoLimitCounter({ table, client, clock, timeoutMs: 1_000 });
    expect(await half.take([demand({ bucket: 'team' }), demand({ limit: 1 })])).toMatchObject({
      refusedBy: 1,
      states: [{ used: 50 }, { used: 1 }],
    });
  });
});
