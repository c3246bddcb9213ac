import type { Clock } from '../../lambda/core/clock.ts';
import type { UsedTokens } from '../../lambda/token/ports.ts';

const SWEEP_ABOVE = 1_000;

/** Used tokens of one process, for local use and tests. */
export const memoryUsedTokens = (clock: Clock): UsedTokens => {
  const used = new Map<string, number>();
  return {
    async use(key, untilMs) {
      const now = clock();
      if (used.size > SWEEP_ABOVE) for (const [old, until] of used) if (until <= now) used.delete(old);
      const before = used.get(key);
      if (before !== undefined && before > now) return false;
      used.set(key, untilMs);
      return true;
    },
  };
};
