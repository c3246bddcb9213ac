import { describe, expect, test } from '@jest/globals';
import type { Clock } from '../../lambda/core/clock.ts';
import { FORGOTTEN_AFTER_MS, type ProviderHealth } from '../../lambda/providers/provider-health.ts';

const START = 1_800_000_000_000;
const KEY = 'anthropic/claude-sonnet-4-5';

/** What every `ProviderHealth` promises. `make` gives an empty one. */
export const describeProviderHealth = (where: string, make: (clock: Clock) => Promise<ProviderHealth>) =>
  describe(`provider health ${where}`, () => {
    const started = async () => {
      const time = { now: START };
      const health = await make(() => time.now);
      return { time, health, of: async (key = KEY) => (await health.read([key]))?.get(key) };
    };
    const counts = (all: readonly unknown[], one: unknown): number => all.filter((each) => each === one).length;

    test('knows of nobody at first', async () => {
      const { health } = await started();
      expect(await health.read([KEY, 'other'])).toEqual(new Map());
      expect(await health.read([])).toEqual(new Map());
    });

    test('tells who is left out, since when and until when, and of nobody else', async () => {
      const { health, time } = await started();
      expect(await health.evict(KEY, START + 30_000, 1)).toBe('written');
      time.now += 5;
      expect(await health.evict('b', START + 40_000, 1)).toBe('written');
      expect(await health.read([KEY, 'b', 'c'])).toEqual(
        new Map([
          [KEY, { times: 1, sinceMs: START, untilMs: START + 30_000 }],
          ['b', { times: 1, sinceMs: START + 5, untilMs: START + 40_000 }],
        ]),
      );
    });

    test('counts a failure once, however many callers meet it at the same time', async () => {
      const { health, of } = await started();
      const first = await Promise.all(Array.from({ length: 30 }, () => health.evict(KEY, START + 30_000, 1)));
      expect(counts(first, 'written')).toBe(1);
      expect((await of())?.times).toBe(1);
      const second = await Promise.all(Array.from({ length: 30 }, () => health.evict(KEY, START + 60_000, 2)));
      expect(counts(second, 'written')).toBe(1);
      expect(await of()).toEqual({ times: 2, sinceMs: START, untilMs: START + 60_000 });
    });

    test('of one eviction the longest stays, and a late word about an earlier one changes nothing', async () => {
      const { health, of } = await started();
      await health.evict(KEY, START + 30_000, 2);
      expect(await health.evict(KEY, START + 20_000, 2)).toBe('overtaken');
      expect(await health.evict(KEY, START + 90_000, 2)).toBe('written');
      expect(await health.evict(KEY, START + 900_000, 1)).toBe('overtaken');
      expect(await of()).toEqual({ times: 2, sinceMs: START, untilMs: START + 90_000 });
    });

    test('gives the one try after the time is over to one caller, not before', async () => {
      const { health, time, of } = await started();
      await health.evict(KEY, START + 30_000, 1);
      time.now = START + 29_999;
      expect(await health.startTry(KEY, START + 90_000, 1)).toBe('overtaken');
      time.now = START + 30_000;
      const tries = await Promise.all(Array.from({ length: 30 }, () => health.startTry(KEY, START + 90_000, 1)));
      expect(counts(tries, 'written')).toBe(1);
      expect(await of()).toMatchObject({ times: 1, triedUntilMs: START + 90_000 });
    });

    test('gives the try to another when whoever had it says nothing, or gives it back', async () => {
      const { health, time } = await started();
      await health.evict(KEY, START, 1);
      await health.startTry(KEY, START + 60_000, 1);
      time.now = START + 59_999;
      expect(await health.startTry(KEY, START + 120_000, 1)).toBe('overtaken');
      time.now = START + 60_000;
      expect(await health.startTry(KEY, START + 120_000, 1)).toBe('written');
      expect(await health.endTry(KEY, 1)).toBe('written');
      expect(await health.startTry(KEY, START + 120_000, 1)).toBe('written');
    });

    test('a try that fails ends it: the next eviction is not being tried', async () => {
      const { health, time, of } = await started();
      await health.evict(KEY, START, 1);
      await health.startTry(KEY, START + 60_000, 1);
      await health.evict(KEY, START + 1_000, 2);
      expect(await of()).toEqual({ times: 2, sinceMs: START, untilMs: START + 1_000 });
      time.now += 1_000;
      expect(await health.startTry(KEY, START + 60_000, 2)).toBe('written');
    });

    test('who is well again is forgotten, and the next time is the first', async () => {
      const { health, of } = await started();
      await health.evict(KEY, START + 30_000, 3);
      expect(await health.clear(KEY, 3)).toBe('written');
      expect(await of()).toBeUndefined();
      expect(await health.clear(KEY, 3)).toBe('overtaken');
      expect(await health.startTry(KEY, START, 3)).toBe('overtaken');
      expect(await health.endTry(KEY, 3)).toBe('overtaken');
      expect(await health.evict(KEY, START + 10_000, 1)).toBe('written');
      expect((await of())?.times).toBe(1);
    });

    test('a late word that all was well does not end an eviction that came after', async () => {
      const { health, of } = await started();
      await health.evict(KEY, START + 30_000, 1);
      await health.evict(KEY, START + 60_000, 2);
      expect(await health.clear(KEY, 1)).toBe('overtaken');
      expect(await health.endTry(KEY, 1)).toBe('overtaken');
      expect((await of())?.times).toBe(2);
    });

    test('what ended long ago is forgotten', async () => {
      const { health, time, of } = await started();
      await health.evict(KEY, START + 30_000, 5);
      time.now = START + 30_000 + FORGOTTEN_AFTER_MS - 1;
      expect((await of())?.times).toBe(5);
      time.now += 1;
      expect(await of()).toBeUndefined();
      expect(await health.clear(KEY, 5)).toBe('overtaken');
      expect(await health.startTry(KEY, time.now + 1, 5)).toBe('overtaken');
      expect(await health.evict(KEY, time.now + 30_000, 1)).toBe('written');
      expect((await of())?.times).toBe(1);
    });

    test.each(['', ':now', '#n', '__proto__', 'a/b/c:0', 'H#x', 'ü'.repeat(500)])(
      'a hostile key is only a key: %j',
      async (hostile) => {
        const { health, of } = await started();
        const key = `p/${hostile}`;
        await health.evict(key, START + 1, 1);
        expect(await of(key)).toMatchObject({ times: 1 });
        expect(await of()).toBeUndefined();
      },
    );
  });
