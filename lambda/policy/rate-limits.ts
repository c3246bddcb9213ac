import { type CelProgram, type CelVariables, compileCel } from '../../config/cel.ts';
import type { CompiledRateLimit } from '../../config/compiled.ts';
import type { Call } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import type { Stage } from '../core/pipeline.ts';
import { Refusal } from '../core/refusal.ts';
import type { Demand, LimitCounter, Taken } from './limit-counter.ts';
import { limitKey } from './limit-key.ts';

/** A limit of the policy, its expressions compiled. */
export interface PreparedLimit {
  readonly name: string;
  readonly per: readonly CelProgram[];
  readonly requests: number;
  readonly windowSeconds: number;
}

/** Compiles the expressions of a limit: once, when the stages are made. */
export const prepareLimit = ({ name, per, requests, windowSeconds }: CompiledRateLimit): PreparedLimit => ({
  name,
  per: per.map((source) => compileCel(source, { result: 'any' })),
  requests,
  windowSeconds,
});

/**
 * Refuses a caller that has used its calls for this window. Tells every caller where its tightest limit stands, in
 * `x-ratelimit-{limit,remaining,reset}-requests` (reset in whole seconds).
 *
 * Errors: `Refusal('rate_limited')`; `Refusal('limits_unavailable')` when the counter can't answer and `failure` is `closed`.
 */
export const rateLimits =
  <C extends Call, Reply>(
    counter: LimitCounter,
    limits: readonly PreparedLimit[],
    failure: 'closed' | 'open',
    clock: Clock,
    variables: (call: C) => CelVariables,
  ): Stage<C, Reply> =>
  async (call, next) => {
    if (limits.length === 0) return next(call);

    const seen = variables(call);
    const demands = limits.map(({ name, per, requests, windowSeconds }): Demand => {
      const key = limitKey(name, per, seen);
      return { ...key, amount: 1, limit: requests, windowSeconds };
    });
    const taken = await takeOrFail(counter, demands, failure, call);
    if (taken === 'failed-open') return next(call);

    const now = clock();
    Object.assign(call.facts.responseHeaders, tightestHeaders(demands, taken, now));
    const refusing = limits[taken.refusedBy ?? -1];
    if (refusing !== undefined) {
      call.facts.decisions.push({ stage: 'rate-limits', result: 'deny', rule: refusing.name });
      const retryAfterSeconds = Math.max(1, secondsUntil(taken.states[taken.refusedBy ?? -1]?.resetsAtMs ?? now, now));
      throw new Refusal('rate_limited', { limit: refusing.name }, { retryAfterSeconds });
    }
    call.facts.decisions.push({ stage: 'rate-limits', result: 'allow' });
    return next(call);
  };

const takeOrFail = async (
  counter: LimitCounter,
  demands: readonly Demand[],
  failure: 'closed' | 'open',
  call: Call,
): Promise<Taken | 'failed-open'> => {
  try {
    return await counter.take(demands);
  } catch (error) {
    // Only the store's failure may be waved through; a bug is never open.
    const isStore = error instanceof Refusal && error.code === 'limits_unavailable';
    const result = isStore && failure === 'open' ? 'failed-open' : 'failed-closed';
    call.facts.decisions.push({ stage: 'rate-limits', result });
    if (result === 'failed-closed') throw error;
    return result;
  }
};

/** The limit that refused, else the one with the least left. */
const tightestHeaders = (demands: readonly Demand[], taken: Taken, now: number): Record<string, string> => {
  const all = demands.map(({ limit }, i) => {
    const { used = limit, resetsAtMs = now } = taken.states[i] ?? {};
    return { limit, remaining: Math.max(0, limit - used), resetSeconds: secondsUntil(resetsAtMs, now) };
  });
  const tightest = all[taken.refusedBy ?? -1] ?? all.toSorted((a, b) => a.remaining - b.remaining)[0];
  if (tightest === undefined) return {};
  return {
    'x-ratelimit-limit-requests': String(tightest.limit),
    'x-ratelimit-remaining-requests': String(tightest.remaining),
    'x-ratelimit-reset-requests': String(tightest.resetSeconds),
  };
};

const secondsUntil = (ms: number, now: number): number => Math.max(0, Math.ceil((ms - now) / 1000));
