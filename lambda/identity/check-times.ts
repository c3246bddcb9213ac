import { tokenRejected } from './token-rejected.ts';

const MAX_SKEW_SECONDS = 60;
/** The end of the year 9999. An `exp` beyond it is milliseconds or nonsense, and would never end. */
const MAX_EXPIRY = 253_402_300_799;

interface Times {
  readonly exp?: unknown;
  readonly nbf?: unknown;
  readonly iat?: unknown;
}

/**
 * Checks `exp`, `nbf` and `iat` (RFC 7519 §4.1) against our own clock, and says when the token stops being accepted.
 *
 * Units:  `nowMs` in milliseconds; claims, skew and the answer in seconds. Skew is bounded to a minute whatever it says.
 * Errors: `Refusal('token_rejected')` with reason `no-expiry`, `expired`, `not-yet-valid` or `malformed`.
 */
export const checkTimes = ({ exp, nbf, iat }: Times, nowMs: number, clockSkewSeconds: number): number => {
  const skew = Math.min(clockSkewSeconds, MAX_SKEW_SECONDS);
  const now = nowMs / 1000;
  if (typeof exp !== 'number' || !(exp > 0 && exp <= MAX_EXPIRY)) throw tokenRejected('no-expiry');
  if (now >= exp + skew) throw tokenRejected('expired');
  for (const start of [nbf, iat]) {
    if (start === undefined) continue;
    if (typeof start !== 'number') throw tokenRejected('malformed');
    if (start > now + skew) throw tokenRejected('not-yet-valid');
  }
  return exp + skew;
};
