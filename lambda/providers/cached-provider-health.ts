import type { Clock } from '../core/clock.ts';
import { type Eviction, FORGOTTEN_AFTER_MS, type ProviderHealth, type Written } from './provider-health.ts';

/** How old an answer may be. What is decided by it is written with a condition, so that too old is only a detour. */
const FRESH_MS = 3_000;

const MAX_KEYS = 1_000;

interface Known {
  readonly askedMs: number;
  readonly found: Promise<Eviction | 'unavailable' | undefined>;
}

/**
 * Asks the store once in a few seconds for each key, whoever and how many want to know; also when the store is in trouble, so
 * that only one call waits for it. What this process writes, it sees at once.
 */
export const cachedProviderHealth = (health: ProviderHealth, clock: Clock): ProviderHealth => {
  const known = new Map<string, Known>();

  const ask = (keys: readonly string[], askedMs: number): void => {
    const asked = health.read(keys);
    for (const key of keys) {
      const found = asked.then((evictions) => (evictions === undefined ? 'unavailable' : evictions.get(key)));
      known.delete(key);
      known.set(key, { askedMs, found });
      found.catch(() => known.delete(key));
    }
    // A Map keeps the order of insertion: the first is the one not asked for longest.
    for (const oldest of known.keys().take(Math.max(0, known.size - MAX_KEYS))) known.delete(oldest);
  };

  const forgetting = async (key: string, writing: Promise<Written>): Promise<Written> => {
    const written = await writing;
    if (written !== 'unavailable') known.delete(key);
    return written;
  };

  return {
    async read(keys) {
      const now = clock();
      const isFresh = (key: string): boolean => Math.abs(now - (known.get(key)?.askedMs ?? -Infinity)) < FRESH_MS;
      const missing = [...new Set(keys)].filter((key) => !isFresh(key));
      if (missing.length > 0) ask(missing, now);
      const all = await Promise.all(keys.map(async (key) => [key, await known.get(key)?.found] as const));
      const evictions = new Map<string, Eviction>();
      for (const [key, found] of all) {
        if (found === 'unavailable') return undefined;
        // What was fresh when it was read may have been forgotten since.
        if (found !== undefined && found.untilMs + FORGOTTEN_AFTER_MS > now) evictions.set(key, found);
      }
      return evictions;
    },
    evict: (key, untilMs, times) => forgetting(key, health.evict(key, untilMs, times)),
    startTry: (key, untilMs, times) => forgetting(key, health.startTry(key, untilMs, times)),
    endTry: (key, times) => forgetting(key, health.endTry(key, times)),
    clear: (key, times) => forgetting(key, health.clear(key, times)),
  };
};
