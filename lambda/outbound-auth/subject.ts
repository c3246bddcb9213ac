import { hash } from 'node:crypto';
import type { Call } from '../core/call.ts';
import type { Hidden } from '../core/hidden.ts';
import { credentialRefusal } from './credential-refusal.ts';
import { type Claims, isAppOnly, readClaims } from './read-claims.ts';

/** The user as whom an upstream is called. */
export interface Subject {
  readonly token: Hidden;
  readonly claims: Claims;
  readonly expiresAtMs: number;
  /** Which user, by which token: two tokens of one user may allow different things. */
  readonly key: readonly string[];
}

/**
 * Reads the caller's own token. It was verified when the caller was identified; here it only must be the same one.
 *
 * Errors: `Refusal('credential_unavailable')` whenever there is no user to call as.
 */
export const subjectOf = ({ principal, token }: Call, nowMs: number): Subject => {
  if (token === undefined) throw credentialRefusal('no-subject-token');
  const text = token.open();
  const claims = readClaims(text);
  if (claims === undefined) throw credentialRefusal('subject-unreadable');
  if (claims.iss !== principal.issuer) throw credentialRefusal('subject-mismatch');
  if (isAppOnly(claims)) throw credentialRefusal('app-only-subject');
  const ends = [claims.exp, principal.expiresAt].filter((end) => typeof end === 'number');
  if (ends.length === 0) throw credentialRefusal('subject-unreadable');
  const expiresAtMs = Math.min(...ends) * 1000;
  if (expiresAtMs <= nowMs) throw credentialRefusal('subject-expired');
  return { token, claims, expiresAtMs, key: [principal.id, hash('sha256', text, 'base64')] };
};
