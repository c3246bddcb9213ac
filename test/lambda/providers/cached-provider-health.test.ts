import { expect, test } from '@jest/globals';
import { cachedProviderHealth } from '../../../lambda/providers/cached-provider-health.ts';
import { FORGOTTEN_AFTER_MS, type ProviderHealth } from '../../../lambda/providers/provider-health.ts';
import { memoryProviderHealth } from '../../../local/memory/provider-health.ts';

const started = (changes: Partial<ProviderHealth> = {}) => {
  const time = { now: 1_800_000_000_000 };
  const shared = memoryProviderHealth(() => time.now);
  const reads: (readonly string[])[] = [];
  const store: ProviderHealth = {
    ...shared,
    read: (keys) => {
      reads.push(keys);
      return shared.read(keys);
    },
    ...changes,
  };
  return { time, shared, reads, cached: cachedProviderHealth(store, () => time.now) };
};

test('a key is asked for once in three seconds, however many want to know', async () => {
  const { cached, reads, time } = started();
  await Promise.all(Array.from({ length: 50 }, () => cached.read(['a', 'b'])));
  expect(reads).toEqual([['a', 'b']]);
  time.now += 2_999;
  await cached.read(['a']);
  expect(reads).toHaveLength(1);
  time.now += 1;
  await cached.read(['a']);
  expect(reads).toHaveLength(2);
});

test('only the keys that are not known are asked for', async () => {
  const { cached, reads } = started();
  await cached.read(['a']);
  await cached.read(['a', 'b', 'b']);
  expect(reads).toEqual([['a'], ['b']]);
});

test('what another process writes is seen after three seconds at most; what this one writes, at once', async () => {
  const { cached, shared, time } = started();
  expect(await cached.read(['a'])).toEqual(new Map());
  await shared.evict('a', time.now + 60_000, 1);
  expect(await cached.read(['a'])).toEqual(new Map());
  time.now += 3_000;
  expect((await cached.read(['a']))?.get('a')?.times).toBe(1);
  await cached.evict('a', time.now + 60_000, 2);
  expect((await cached.read(['a']))?.get('a')?.times).toBe(2);
  await cached.clear('a', 2);
  expect(await cached.read(['a'])).toEqual(new Map());
});

test('a store in trouble is asked again after three seconds, not by every call', async () => {
  let asked = 0;
  const { cached, time } = started({
    read: async () => {
      asked += 1;
      return undefined;
    },
    evict: async () => 'unavailable',
  });
  for (let i = 0; i < 10; i++) expect(await cached.read(['a'])).toBeUndefined();
  expect(await cached.evict('a', 0, 1)).toBe('unavailable');
  expect(await cached.read(['a'])).toBeUndefined();
  expect(asked).toBe(1);
  time.now += 3_000;
  await cached.read(['a']);
  expect(asked).toBe(2);
});

test('a bug in the store reaches whoever asked, and is not kept', async () => {
  let asked = 0;
  const { cached } = started({
    read: () => {
      asked += 1;
      return Promise.reject(new TypeError('a bug'));
    },
  });
  await expect(cached.read(['a'])).rejects.toThrow('a bug');
  await expect(cached.read(['a'])).rejects.toThrow('a bug');
  expect(asked).toBe(2);
});

test('names that callers make up do not fill the memory: the oldest are asked for again', async () => {
  const { cached, reads } = started();
  for (let i = 0; i <= 1_000; i++) await cached.read([`made-up-${i}`]);
  reads.length = 0;
  await cached.read(['made-up-1000', 'made-up-1']);
  expect(reads).toEqual([]);
  await cached.read(['made-up-0']);
  expect(reads).toEqual([['made-up-0']]);
});

test('what is forgotten while it is kept here is forgotten', async () => {
  const { cached, time } = started();
  await cached.evict('a', time.now, 1);
  time.now += FORGOTTEN_AFTER_MS - 1;
  expect((await cached.read(['a']))?.get('a')?.times).toBe(1);
  time.now += 1;
  expect(await cached.read(['a'])).toEqual(new Map());
});
