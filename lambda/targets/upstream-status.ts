import { Refusal, type RefusalCode } from '../core/refusal.ts';

type Headers = Readonly<Record<string, string>>;

const CODES: Readonly<Record<number, RefusalCode>> = {
  401: 'upstream_auth', // G23: our credential's matter, never the caller's
  403: 'upstream_auth',
  408: 'upstream_timeout',
  413: 'upstream_too_large',
  429: 'upstream_limited',
  503: 'upstream_busy',
  504: 'upstream_timeout',
};

/** A status that is no answer to the request, in our own words: nothing of the upstream's headers or body is relayed. */
export const statusRefusal = (status: number, headers: Headers): Refusal => {
  const seconds = retryAfterSeconds(headers);
  return new Refusal(
    CODES[status] ?? 'upstream_failed',
    { status, ...(status >= 300 && status < 400 ? { reason: 'redirect' } : {}) },
    seconds === undefined ? {} : { retryAfterSeconds: seconds },
  );
};

/** `Retry-After` in seconds or as a date (RFC 9110 §10.2.3), read against the answer's own clock; at most an hour. */
const retryAfterSeconds = (headers: Headers): number | undefined => {
  const value = headers['retry-after'];
  if (value === undefined) return undefined;
  const seconds = /^\d{1,9}$/.test(value) ? Number(value) : (Date.parse(value) - Date.parse(headers.date ?? '')) / 1000;
  return Number.isFinite(seconds) ? Math.min(3_600, Math.max(0, Math.ceil(seconds))) : undefined;
};
