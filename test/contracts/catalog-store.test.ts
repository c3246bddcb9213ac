import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { dynamoCatalogStore, type NotKept } from '../../lambda/aws/dynamo-catalog-store.ts';
import { createAfterwards } from '../../lambda/core/afterwards.ts';
import type { Clock } from '../../lambda/core/clock.ts';
import { systemClock } from '../../lambda/core/clock.ts';
import { type CatalogStore, writeAfterwards } from '../../lambda/targets/catalog-store.ts';
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
describeCatalogStore('in memory, afterwards', async (clock) =>
  afterwards(async (time) => memoryCatalogStore(time))(clock),
);

/** What is left for later is done by the time that somebody reads. */
const afterwards = (make: (clock: Clock) => Promise<CatalogStore>) => async (clock: Clock) => {
  const store = await make(clock);
  const later = createAfterwards((error) => {
    throw error;
  });
  const writer = writeAfterwards(store, later);
  return {
    ...writer,
    read: async (key: string) => {
      await later.settle();
      return writer.read(key);
    },
  };
};
/** Takes the longer to write the more it is given, as what is packed and sent does. */
const slow = async (clock: Clock): Promise<CatalogStore> => {
  const store = memoryCatalogStore(clock);
  return {
    ...store,
    write: async (key, write, keepSeconds) => {
      await sleep(write().length % 50);
      await store.write(key, write, keepSeconds);
    },
  };
};

describe('a catalog store that is written to afterwards', () => {
  const started = async () => {
    const store = await slow(() => 0);
    const later = createAfterwards((error) => {
      throw error;
    }, 5);
    return { store, later, writer: writeAfterwards(store, later) };
  };

  test('has the last text, however long an earlier one takes', async () => {
    const { store, later, writer } = await started();
    await writer.write('k', () => 'x'.repeat(49), 60);
    await writer.write('k', () => 'new', 60);
    await later.settle();
    expect((await store.read('k'))?.text).toBe('new');
  });

  test('has it too where the earlier one is being written already', async () => {
    const { store, later, writer } = await started();
    let begun = false;
    const long = () => {
      begun = true;
      return 'x'.repeat(49);
    };
    await writer.write('k', long, 60);
    while (!begun) await sleep(1);
    await writer.write('k', () => 'newer', 60);
    await writer.write('k', () => 'new', 60);
    await later.settle();
    expect((await store.read('k'))?.text).toBe('new');
  });

  test('writes what it will not keep not at all', async () => {
    const { later, writer } = await started();
    await writer.write(
      'k',
      () => {
        throw new Error('written for nothing');
      },
      60,
    );
    await writer.write('k', () => 'new', 60);
    await later.settle();
  });
});

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
