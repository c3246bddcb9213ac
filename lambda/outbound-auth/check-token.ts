import type { Granted } from './ask-token.ts';
import { credentialRefusal } from './credential-refusal.ts';
import type { TokenUntil } from './kept-tokens.ts';
import { type Claims, isAppOnly, isFor, readClaims } from './read-claims.ts';
import type { Subject } from './subject.ts';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';
/** For a token that nobody says the end of. */
const UNKNOWN_LIFE_MS = 60_000;

export interface Wanted {
  readonly credential: string;
  readonly audience?: string;
  /** As whom; absent for a token of our own. */
  readonly subject?: Subject;
}

/**
 * Judges a token before it is sent anywhere, and says when it ends: never after the caller's own.
 *
 * It came from its issuer over TLS, so its signature is not checked again; what it says of itself is, where it can be read.
 * Errors: `Refusal('credential_unavailable')`.
 */
export const checkToken = (granted: Granted, wanted: Wanted, nowMs: number): TokenUntil => {
  const { credential, audience, subject } = wanted;
  const { token, expiresInMs, issuedTokenType } = granted;
  const text = token.open();
  if (issuedTokenType !== undefined && issuedTokenType !== ACCESS_TOKEN && issuedTokenType !== JWT)
    throw credentialRefusal('token-type', { credential });
  if (text === subject?.token.open()) throw credentialRefusal('token-subject', { credential });
  const claims = readClaims(text);
  if (claims !== undefined) {
    if (audience !== undefined && !isFor(claims, audience))
      throw credentialRefusal('token-audience', { credential, audience });
    if (subject !== undefined && isAppOnly(claims)) throw credentialRefusal('token-subject', { credential });
  }
  const ends = [...(expiresInMs === undefined ? [] : [nowMs + expiresInMs]), ...expiryOf(claims)];
  const own = ends.length === 0 ? nowMs + UNKNOWN_LIFE_MS : Math.min(...ends);
  if (own <= nowMs) throw credentialRefusal('token-expired', { credential });
  return { token, expiresAtMs: Math.min(own, subject?.expiresAtMs ?? own) };
};

const expiryOf = (claims: Claims | undefined): readonly number[] =>
  typeof claims?.exp === 'number' ? [claims.exp * 1000] : [];
