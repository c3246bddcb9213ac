import type { Clock } from '../../lambda/core/clock.ts';
import type { Demand, LimitCounter } from '../../lambda/policy/limit-counter.ts';

interface Window {
  readonly endsAtMs: number;
  readonly used: Map<string, number>;
}

const SWEEP_EVERY_MS = 10_000;

/**
 * Limits of one process, for local use and tests. Windows that have ended are swept, so that memory holds only the live ones.
 * As in DynamoDB, a window may be opened by a call that another limit then refuses: it starts, with nothing counted.
 */
export const memoryLimitCounter = (clock: Clock): LimitCounter => {
  const windows = new Map<string, Window>();
  let sweptAtMs = clock();

  const sweep = (now: number): void => {
    if (Math.abs(now - sweptAtMs) < SWEEP_EVERY_MS) return;
    sweptAtMs = now;
    for (const [key, window] of windows) if (window.endsAtMs <= now) windows.delete(key);
  };

  return {
    async take(demands) {
      const now = clock();
      sweep(now);

      const found = new Map<string, Window>();
      for (const demand of demands) {
        const key = keyOf(demand);
        const window = windows.get(key);
        const isOpen = window !== undefined && window.endsAtMs > now;
        if (!found.has(key)) found.set(key, isOpen ? window : openedAt(now, demand.windowSeconds));
      }
      const windowOf = (demand: Demand): Window => found.get(keyOf(demand)) ?? openedAt(now, demand.windowSeconds);

      const asked = new Map<Window, Map<string, number>>();
      const full = demands.flatMap((demand, i) => {
        const window = windowOf(demand);
        const amounts = asked.get(window) ?? new Map<string, number>();
        asked.set(window, amounts);
        amounts.set(demand.name, (amounts.get(demand.name) ?? 0) + demand.amount);
        const used = (window.used.get(demand.name) ?? 0) + (amounts.get(demand.name) ?? 0);
        return used > demand.limit ? [{ i, key: keyOf(demand) }] : [];
      });

      const fullKeys = new Set(full.map(({ key }) => key));
      for (const [key, window] of found) if (!fullKeys.has(key)) windows.set(key, window);
      if (full.length === 0) for (const demand of demands) add(windowOf(demand), demand.name, demand.amount);

      const states = demands.map((demand) => {
        const window = windowOf(demand);
        return { used: window.used.get(demand.name) ?? 0, resetsAtMs: window.endsAtMs };
      });
      const refusedBy = full[0]?.i;
      return refusedBy === undefined ? { states } : { refusedBy, states };
    },
  };
};

const keyOf = ({ bucket, windowSeconds }: Demand): string => `${windowSeconds}#${bucket}`;

const openedAt = (now: number, windowSeconds: number): Window => ({
  endsAtMs: now + windowSeconds * 1000,
  used: new Map(),
});

const add = (window: Window, name: string, amount: number): void => {
  window.used.set(name, (window.used.get(name) ?? 0) + amount);
};
