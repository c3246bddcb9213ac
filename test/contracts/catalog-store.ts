import { describe, expect, test } from '@jest/globals';
import type { Clock } from '../../lambda/core/clock.ts';
import type { CatalogStore } from '../../lambda/targets/catalog-store.ts';

const START = 1_800_000_000_000;

/** What every `CatalogStore` promises. `make` gives an empty one. */
export const describeCatalogStore = (where: string, make: (clock: Clock) => Promise<CatalogStore>) =>
  describe(`a catalog store ${where}`, () => {
    const started = async () => {
      const time = { now: START };
      return { time, store: await make(() => time.now) };
    };

    test('has nothing that was never written', async () => {
      const { store } = await started();
      expect(await store.read('tools/list#a')).toBeUndefined();
    });

    test('gives back the very text, and since when it has it', async () => {
      const { store, time } = await started();
      const text = JSON.stringify({ words: 'ünïcode 🧰  "quoted"', number: 1e21 });
      await store.write('k', () => text, 60);
      await store.read('k');
      time.now += 59_999;
      expect(await store.read('k')).toEqual({ text, storedAtMs: START });
    });

    test('keeps each key on its own', async () => {
      const { store } = await started();
      await store.write('tools/list#jane', () => 'of jane', 60);
      await store.write('tools/list#joe', () => 'of joe', 60);
      expect((await store.read('tools/list#jane'))?.text).toBe('of jane');
      expect((await store.read('tools/list#joe'))?.text).toBe('of joe');
      expect(await store.read('tools/list#j')).toBeUndefined();
    });

    test('the last text that was written is the one it has', async () => {
      const { store, time } = await started();
      await store.write('k', () => 'old', 60);
      await store.read('k');
      time.now += 1_000;
      await store.write('k', () => 'new', 60);
      expect(await store.read('k')).toEqual({ text: 'new', storedAtMs: START + 1_000 });
    });

    test('what has been kept for its time is gone, to the millisecond', async () => {
      const { store, time } = await started();
      await store.write('k', () => 'text', 60);
      await store.read('k');
      time.now += 60_000;
      expect(await store.read('k')).toBeUndefined();
    });

    test('takes a catalog of a thousand tools', async () => {
      const { store } = await started();
      const tool = (i: number) => ({
        name: `tool_${i}`,
        description: `Does ${i} things`,
        inputSchema: { type: 'object' },
      });
      const text = JSON.stringify(Array.from({ length: 1_000 }, (_, i) => tool(i)));
      await store.write('large', () => text, 60);
      expect((await store.read('large'))?.text).toBe(text);
    });
  });
