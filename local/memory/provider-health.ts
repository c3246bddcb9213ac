import type { Clock } from '../../lambda/core/clock.ts';
import {
  type Eviction,
  FORGOTTEN_AFTER_MS,
  type ProviderHealth,
  type Written,
} from '../../lambda/providers/provider-health.ts';

const SWEEP_ABOVE = 1_000;

/** Evictions of one process, for local use and tests. */
export const memoryProviderHealth = (clock: Clock): ProviderHealth => {
  const evictions = new Map<string, Eviction>();

  const present = (key: string): Eviction | undefined => {
    const eviction = evictions.get(key);
    return eviction !== undefined && eviction.untilMs + FORGOTTEN_AFTER_MS > clock() ? eviction : undefined;
  };
  const sweep = (): void => {
    if (evictions.size > SWEEP_ABOVE) for (const key of [...evictions.keys()]) if (!present(key)) evictions.delete(key);
  };
  /** Changes the eviction that is meant, if it is still there. */
  const change = (key: string, times: number, to: (eviction: Eviction) => Eviction | undefined): Written => {
    const eviction = present(key);
    if (eviction?.times !== times) return 'overtaken';
    const next = to(eviction);
    if (next === eviction) return 'overtaken';
    if (next === undefined) evictions.delete(key);
    else evictions.set(key, next);
    return 'written';
  };

  return {
    async read(keys) {
      return new Map(
        keys.flatMap((key) => {
          const eviction = present(key);
          return eviction === undefined ? [] : [[key, eviction]];
        }),
      );
    },
    async evict(key, untilMs, times) {
      const before = present(key);
      if (before !== undefined && (before.times > times || (before.times === times && before.untilMs >= untilMs)))
        return 'overtaken';
      evictions.set(key, { times, sinceMs: clock(), untilMs });
      sweep();
      return 'written';
    },
    async startTry(key, untilMs, times) {
      const now = clock();
      return change(key, times, (eviction) =>
        eviction.untilMs > now || (eviction.triedUntilMs ?? 0) > now
          ? eviction
          : { ...eviction, triedUntilMs: untilMs },
      );
    },
    async endTry(key, times) {
      return change(key, times, ({ triedUntilMs: _, ...eviction }) => eviction);
    },
    async clear(key, times) {
      return change(key, times, () => undefined);
    },
  };
};
