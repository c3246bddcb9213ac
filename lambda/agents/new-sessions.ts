import type { Clock } from '../core/clock.ts';
import { Refusal } from '../core/refusal.ts';

/** AgentCore ends a session that nothing was asked of for 15 minutes. Source: `idleRuntimeSessionTimeout`. */
const FORGOTTEN_AFTER_MS = 900_000;
const MAX_KNOWN = 10_000;

/**
 * Lets so many new sessions a second begin in this process, and as many at once. One that was used lately is not new.
 *
 * Errors: `Refusal('too_many_sessions')`. A session that was refused is as new as before.
 */
export const createNewSessions = (perSecond: number, clock: Clock): ((id: string) => void) => {
  const known = new Map<string, number>();
  let left = perSecond;
  let countedAtMs = clock();

  const refill = (now: number): void => {
    left = Math.min(perSecond, left + (Math.max(0, now - countedAtMs) * perSecond) / 1_000);
    countedAtMs = now;
  };

  return (id) => {
    const now = clock();
    const usedAtMs = known.get(id);
    if (usedAtMs === undefined || now - usedAtMs >= FORGOTTEN_AFTER_MS) {
      refill(now);
      if (left < 1) {
        const retryAfterSeconds = Math.max(1, Math.ceil((1 - left) / perSecond));
        throw new Refusal('too_many_sessions', { perSecond }, { retryAfterSeconds });
      }
      left -= 1;
    }
    known.delete(id);
    known.set(id, now);
    for (const oldest of known.keys()) {
      if (known.size <= MAX_KNOWN) break;
      known.delete(oldest);
    }
  };
};
