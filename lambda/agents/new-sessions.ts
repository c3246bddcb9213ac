import { hash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { Refusal } from '../core/refusal.ts';
import type { Demand, LimitCounter } from '../policy/limit-counter.ts';

/** AgentCore ends a session that nothing was asked of for 15 minutes. Source: `idleRuntimeSessionTimeout`. */
const FORGOTTEN_AFTER_SECONDS = 900;
const MAX_KNOWN = 10_000;

/** AgentCore counts them for the account, so all agents share one. */
const RATE = { bucket: hash('sha256', 'new-sessions', 'base64url'), name: 'new-sessions', amount: 1, windowSeconds: 1 };

/** Taken once by whoever begins a session: where there is no room, it has begun already. */
const begun = (id: string): Demand => ({
  bucket: hash('sha256', `session ${id}`, 'base64url'),
  name: 'begun',
  amount: 1,
  limit: 1,
  windowSeconds: FORGOTTEN_AFTER_SECONDS,
});

/**
 * Lets so many new sessions a second begin, of all agents and in all processes. One that was used lately here, or begun lately
 * anywhere, is not new. Where nobody can count, they begin: AgentCore has the last word, and this only spares its refusals.
 *
 * Errors: `Refusal('too_many_sessions')`. A session that was refused is as new as before.
 */
export const createNewSessions = (
  perSecond: number,
  counter: LimitCounter,
  clock: Clock,
): ((id: string) => Promise<void>) => {
  const known = new Map<string, number>();

  const use = (id: string): void => {
    known.delete(id);
    known.set(id, clock());
    for (const oldest of known.keys()) {
      if (known.size <= MAX_KNOWN) break;
      known.delete(oldest);
    }
  };

  return async (id) => {
    const usedAtMs = known.get(id);
    if (usedAtMs === undefined || clock() - usedAtMs >= FORGOTTEN_AFTER_SECONDS * 1_000) {
      const { refusedBy } = await takeIfCounted(counter, [begun(id), { ...RATE, limit: perSecond }]);
      if (refusedBy === 1) throw new Refusal('too_many_sessions', { perSecond }, { retryAfterSeconds: 1 });
    }
    use(id);
  };
};

const takeIfCounted = async (
  counter: LimitCounter,
  demands: readonly Demand[],
): Promise<{ readonly refusedBy?: number }> => {
  try {
    return await counter.take(demands);
  } catch (thrown) {
    if (thrown instanceof Refusal && thrown.code === 'limits_unavailable') return {};
    throw thrown;
  }
};
