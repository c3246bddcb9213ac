import type { Call } from '../../core/call.ts';
import type { Hidden } from '../../core/hidden.ts';
import { Refusal } from '../../core/refusal.ts';
import { type Claims, readClaims } from '../../outbound-auth/read-claims.ts';

export interface UsersToken {
  readonly token: Hidden;
  readonly claims: Claims;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** Errors: `Refusal('identity_not_exchanged')`, with the reason in the record. */
export const notExchanged = (reason: string): Refusal => new Refusal('identity_not_exchanged', { reason });

/**
 * The token that the caller was identified by. It was verified then; here it only must be the same one.
 *
 * Errors: `Refusal('identity_not_exchanged')` for callers without one: with an API key, or nobody. `Refusal('token_rejected')`
 * for one that has ended.
 */
export const usersToken = ({ principal, token }: Call, nowMs: number): UsersToken => {
  if (token === undefined) throw notExchanged('no token of a user');
  const claims = readClaims(token.open());
  if (claims === undefined) throw notExchanged('token unreadable');
  if (claims.iss !== principal.issuer) throw notExchanged('token of another issuer');
  const ends = [claims.exp, principal.expiresAt].filter((end) => typeof end === 'number');
  if (ends.length === 0) throw notExchanged('token without an end');
  const expiresAt = Math.min(...ends);
  if (expiresAt * 1_000 <= nowMs) throw new Refusal('token_rejected', { reason: 'expired' });
  return { token, claims, expiresAt };
};
