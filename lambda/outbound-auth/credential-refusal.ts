import { Refusal, type RefusalOptions } from '../core/refusal.ts';

/** Why there is no credential for a call. Goes to the record only. */
export type CredentialFault =
  /** The caller has no token that could be exchanged: anonymous, or with an API key. */
  | 'no-subject-token'
  | 'subject-unreadable'
  /** The token is not the one that the caller was identified by. */
  | 'subject-mismatch'
  | 'subject-expired'
  /** The caller is a program with a token of its own: there is no user to call as. */
  | 'app-only-subject'
  /** The caller holds none of the scopes that the server is called with. */
  | 'no-scope-left'
  /** The secret of the client is not the JSON that it has to be, or a key is none. */
  | 'client-malformed'
  | 'secret-malformed'
  | 'token-endpoint-unreachable'
  | 'token-endpoint-busy'
  | 'token-endpoint-refused'
  | 'token-answer-malformed'
  | 'token-type'
  /** The token that came is for somebody else to accept. */
  | 'token-audience'
  | 'token-expired'
  /** The token that came does not speak of the user, or is the caller's own. */
  | 'token-subject';

/** The refusal for a call that has no credential for its upstream. `facts` hold names and codes, nothing out of a token. */
export const credentialRefusal = (
  reason: CredentialFault,
  facts: Readonly<Record<string, string | number>> = {},
  options: Pick<RefusalOptions, 'retryAfterSeconds'> = {},
): Refusal => new Refusal('credential_unavailable', { reason, ...facts }, options);
