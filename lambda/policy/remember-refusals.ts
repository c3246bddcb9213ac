import type { Clock } from '../core/clock.ts';
import type { Demand, LimitCounter, LimitState } from './limit-counter.ts';

const MAX_REMEMBERED = 10_000;

/**
 * Answers refusals that were given before out of memory until their window ends, so that a flood of refused calls costs the
 * store nothing. Admits nothing by itself. A call given back in the meantime is not noticed: too strict, never too generous.
 */
export const rememberRefusals = (counter: LimitCounter, clock: Clock): LimitCounter => {
  const refused = new Map<string, LimitState>();

  const remembered = (demand: Demand, now: number): LimitState | undefined => {
    const key = keyOf(demand);
    const state = refused.get(key);
    if (state === undefined) return undefined;
    refused.delete(key);
    if (state.resetsAtMs <= now) return undefined;
    // Put back at the end: a Map keeps the order of insertion, so its first key is the one not used for longest.
    refused.set(key, state);
    return state;
  };

  return {
    async take(demands) {
      const now = clock();
      const known = demands.map((demand) => remembered(demand, now));
      const refusedBy = demands.findIndex(({ amount, limit }, i) => (known[i]?.used ?? Number.NaN) + amount > limit);
      const refusing = known[refusedBy];
      if (refusing !== undefined) {
        // Of limits that were not asked we claim the least: nothing left.
        const states = demands.map(({ limit }, i) => known[i] ?? { used: limit, resetsAtMs: refusing.resetsAtMs });
        return { refusedBy, states };
      }

      const taken = await counter.take(demands);
      const demand = demands[taken.refusedBy ?? -1];
      const state = taken.states[taken.refusedBy ?? -1];
      // A demand greater than its whole limit has perhaps no window: its reset would be made up.
      if (demand !== undefined && state !== undefined && demand.amount <= demand.limit && state.resetsAtMs > now) {
        refused.delete(keyOf(demand));
        refused.set(keyOf(demand), state);
        if (refused.size > MAX_REMEMBERED) for (const oldest of refused.keys().take(1)) refused.delete(oldest);
      }
      return taken;
    },
  };
};

const keyOf = ({ bucket, windowSeconds, name }: Demand): string => JSON.stringify([bucket, windowSeconds, name]);
