import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { dynamoCatalogStore, type NotKept } from '../../lambda/aws/dynamo-catalog-store.ts';
import type { Clock } from '../../lambda/core/clock.ts';
import { systemClock } from '../../lambda/core/clock.ts';
import { memoryCatalogStore } from '../../local/memory/catalog-store.ts';
import { type EmbeddedDynamo, embeddedDynamo } from '../support/embedded-dynamo.ts';
import { describeCatalogStore } from './catalog-store.ts';

let dynamo: EmbeddedDynamo;
beforeAll(async () => {
  dynamo = await embeddedDynamo();
});
afterAll(() => dynamo.close());

const inDynamo = async (clock: Clock, timeoutMs = 15_000, notKept: (about: NotKept) => void = () => {}) =>
  dynamoCatalogStore({ table: await dynamo.createTable(), client: dynamo.client, clock, timeoutMs, notKept });

describeCatalogStore('in memory', async (clock) => memoryCatalogStore(clock));
describeCatalogStore('in DynamoDB', (clock) => inDynamo(clock));

describe('a catalog store in DynamoDB in trouble', () => {
  test('has nothing and takes nothing while the table answers with errors', async () => {
    const store = await inDynamo(systemClock);
    await store.write('k', () => 'text', 60);
    dynamo.fault = () => 'error';
    try {
      expect(await store.read('k')).toBeUndefined();
      await store.write('k', () => 'other', 60);
    } finally {
      dynamo.fault = () => undefined;
    }
    expect((await store.read('k'))?.text).toBe('text');
  });

  test('does not keep a call waiting', async () => {
    const store = await inDynamo(systemClock, 50);
    dynamo.fault = () => 'hang';
    try {
      const startedMs = performance.now();
      expect(await store.read('k')).toBeUndefined();
      expect(performance.now() - startedMs).toBeLessThan(2_000);
    } finally {
      dynamo.fault = () => undefined;
    }
  });

  test('what is too large for an item is not kept, does no harm, and is said', async () => {
    const said: NotKept[] = [];
    const store = await inDynamo(systemClock, 15_000, (about) => void said.push(about));
    const before = dynamo.operations.length;
    await store.write('tools/list of s#0a1b#2c3d', () => randomBytes(600_000).toString('base64'), 60);
    expect(await store.read('tools/list of s#0a1b#2c3d')).toBeUndefined();
    expect(dynamo.operations.slice(before)).not.toContain('PutItem');
    expect(said).toEqual([{ list: 'tools/list of s', bytes: expect.any(Number), maxBytes: 399_360 }]);
    expect(said[0]?.bytes).toBeGreaterThan(600_000);
    await store.write('tools/list of s#0a1b#2c3d', () => 'small', 60);
    expect(said).toHaveLength(1);
  });
});
