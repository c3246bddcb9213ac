import type { Refusal, RefusalCode } from '../core/refusal.ts';
import type { Json } from './provider.ts';
import { isObject, upstreamRefusal } from './upstream-words.ts';

/**
 * What Gemini's errors mean to our caller (R137). Where a status says too little, its `details` say more.
 * Source: google.rpc.Status and google/rpc/error_details.proto; Gemini API, "Troubleshooting guide".
 */
export const geminiRefusal = (status: number, body: unknown, headers: Readonly<Record<string, string>>): Refusal => {
  const error = errorOf(body);
  const details = (Array.isArray(error.details) ? error.details : []).filter(isObject);
  const wait = retryDelay(details);
  return upstreamRefusal({
    status,
    headers: wait === undefined ? headers : { ...headers, 'retry-after': wait },
    message: error.message,
    reason: error.status,
    code: codeOf(error, details),
  });
};

/** Some answers to a streamed call are a list of one. */
const errorOf = (body: unknown): Json => {
  const first: unknown = Array.isArray(body) ? body[0] : body;
  return isObject(first) && isObject(first.error) ? first.error : {};
};

/** R137: a key that is wrong is an INVALID_ARGUMENT there, and neither it nor a missing precondition is the caller's fault. */
const codeOf = (error: Json, details: readonly Json[]): RefusalCode | undefined => {
  const message = typeof error.message === 'string' ? error.message : '';
  if (details.some(({ reason }) => reason === 'API_KEY_INVALID') || /^API key (?:not valid|expired)/i.test(message)) {
    return 'upstream_auth';
  }
  if (error.status === 'FAILED_PRECONDITION') return 'upstream_auth';
  if (error.status === 'CANCELLED') return 'upstream_failed';
  if (
    error.status === 'RESOURCE_EXHAUSTED' &&
    (isUsedUp(details) || /spend(?:ing)? (?:cap|limit)|credits/i.test(message))
  ) {
    return 'upstream_quota';
  }
  return undefined;
};

/** A limit that lasts a day or longer: waiting for it helps nobody. */
const isUsedUp = (details: readonly Json[]): boolean =>
  details
    .flatMap(({ violations }) => (Array.isArray(violations) ? violations : []))
    .some((violation) => isObject(violation) && /PerDay|PerMonth/.test(String(violation.quotaId)));

/** `google.rpc.RetryInfo`, a duration such as `12s` or `0.5s`, as the number of seconds in it. */
const retryDelay = (details: readonly Json[]): string | undefined => {
  const info = details.find(({ retryDelay: delay }) => typeof delay === 'string');
  return /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(String(info?.retryDelay))?.[1];
};
