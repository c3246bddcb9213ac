import type { Call } from '../core/call.ts';
import type { Hidden } from '../core/hidden.ts';
import { type Claims, readClaims } from './read-claims.ts';

export interface CallersToken {
  readonly token: Hidden;
  readonly claims: Claims;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

export type NoCallersToken =
  /** The caller is anonymous, or has an API key. */
  | 'missing'
  | 'unreadable'
  /** It is not the one that the caller was identified by. */
  | 'another-issuer'
  | 'endless'
  | 'ended';

/** The token that the caller was identified by, or why there is none. It was verified then; here it only must be the same one. */
export const readCallersToken = (
  { principal, token }: Pick<Call, 'principal' | 'token'>,
  nowMs: number,
): CallersToken | NoCallersToken => {
  if (token === undefined) return 'missing';
  const claims = readClaims(token.open());
  if (claims === undefined) return 'unreadable';
  if (claims.iss !== principal.issuer) return 'another-issuer';
  const ends = [claims.exp, principal.expiresAt].filter((end) => typeof end === 'number');
  if (ends.length === 0) return 'endless';
  const expiresAt = Math.min(...ends);
  return expiresAt * 1_000 <= nowMs ? 'ended' : { token, claims, expiresAt };
};
