import { type CelProgram, compileHealthCel, type HealthVariables } from '../../config/cel.ts';
import type { CompiledHealth, ModelTarget } from '../../config/compiled.ts';
import type { Refusal, RefusalCode } from '../core/refusal.ts';
import { limitResetMs } from './asked-wait.ts';

/** What a provider answered with an error, as it came. */
export interface HeardError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Repetition doubles what the policy says up to here; what the provider itself asks for is believed up to there. */
const MAX_EVICTION_MS = 600_000;
const MAX_ASKED_MS = 3_600_000;

/** There was no answer: not reached, too late, broken off. No server sends this code. */
const NO_ANSWER = 599;
const WITHOUT_ANSWER: ReadonlySet<RefusalCode> = new Set([
  'upstream_unreachable',
  'upstream_timeout',
  'upstream_truncated',
]);

/**
 * Whether a failure says anything about the provider. What is wrong with the request says that it is well; what went wrong
 * on our side, or with the caller, says nothing.
 */
export const blames = (refusal: Refusal): 'provider' | 'request' | 'nobody' => {
  if (refusal.code === 'context_length_exceeded') return 'request';
  if (!refusal.code.startsWith('upstream_')) return 'nobody';
  return refusal.spec.failover === true ? 'provider' : 'request';
};

/** The status; in an error that came after a status of success, ours for it. */
export const responseCode = ({ code, status }: Refusal, heard: HeardError | undefined): number => {
  if (heard !== undefined && heard.status >= 400) return heard.status;
  return WITHOUT_ANSWER.has(code) ? NO_ANSWER : status;
};

/** Expressions of the policy, compiled: as many as it has. */
const compiled = new Map<string, CelProgram<HealthVariables>>();

/** An expression that fails is taken for the usual one: nobody is at home, or too busy. */
export const isUnhealthy = (
  { unhealthy }: CompiledHealth,
  { provider, model }: ModelTarget,
  code: number,
  headers: HeardError['headers'],
): boolean => {
  const program = compiled.get(unhealthy) ?? compileHealthCel(unhealthy);
  compiled.set(unhealthy, program);
  try {
    return program.evaluate({ llm: { provider, model }, response: { code, headers } }) === true;
  } catch {
    return code >= 500 || code === 429;
  }
};

/** How long the `times`th eviction in a row lasts, in milliseconds. */
export const evictionMs = ({ evictForMs }: CompiledHealth, times: number, askedMs: number): number =>
  Math.ceil(Math.max(Math.min(evictForMs * 2 ** (times - 1), MAX_EVICTION_MS), Math.min(askedMs, MAX_ASKED_MS)));

/** How long the provider asked to be left alone, in milliseconds; 0 if it did not. */
export const askedMs = (refusal: Refusal, heard: HeardError | undefined, nowMs: number): number => {
  if (refusal.retryAfterSeconds !== undefined) return refusal.retryAfterSeconds * 1000;
  return heard?.status === 429 ? (limitResetMs(heard.headers, nowMs) ?? 0) : 0;
};
