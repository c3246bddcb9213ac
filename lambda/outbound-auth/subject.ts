import { hash } from 'node:crypto';
import type { Call } from '../core/call.ts';
import type { Hidden } from '../core/hidden.ts';
import { type NoCallersToken, readCallersToken } from './callers-token.ts';
import { type CredentialFault, credentialRefusal } from './credential-refusal.ts';
import { type Claims, isAppOnly } from './read-claims.ts';

/** The user as whom an upstream is called. */
export interface Subject {
  readonly token: Hidden;
  readonly claims: Claims;
  readonly expiresAtMs: number;
  /** Which user, by which token: two tokens of one user may allow different things. */
  readonly key: readonly string[];
}

const FAULTS: Readonly<Record<NoCallersToken, CredentialFault>> = {
  missing: 'no-subject-token',
  unreadable: 'subject-unreadable',
  'another-issuer': 'subject-mismatch',
  endless: 'subject-unreadable',
  ended: 'subject-expired',
};

/**
 * The caller's own token, where it speaks of a user.
 *
 * Errors: `Refusal('credential_unavailable')` whenever there is no user to call as.
 */
export const subjectOf = (call: Call, nowMs: number): Subject => {
  const read = readCallersToken(call, nowMs);
  if (typeof read === 'string') throw credentialRefusal(FAULTS[read]);
  const { token, claims, expiresAt } = read;
  if (isAppOnly(claims)) throw credentialRefusal('app-only-subject');
  const key = [call.principal.id, hash('sha256', token.open(), 'base64')];
  return { token, claims, expiresAtMs: expiresAt * 1_000, key };
};
