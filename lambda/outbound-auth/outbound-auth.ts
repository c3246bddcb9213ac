import type { Call } from '../core/call.ts';

export interface CredentialOptions {
  /** After the upstream answered 401 once. */
  readonly fresh?: boolean;
  readonly signal?: AbortSignal;
  /** Scopes that the tool asks for, where that is known: a token for this call needs no other. */
  readonly needed?: readonly string[];
}

/**
 * Makes an outgoing request acceptable to its upstream. Must never give the caller's own token, and must never give one
 * caller what was obtained for another.
 *
 * Errors: `Refusal('credential_unavailable')`: without a credential there is no call.
 */
export interface OutboundAuth {
  /** Headers for one request, lower case. */
  headers(call: Call, options?: CredentialOptions): Promise<Readonly<Record<string, string>>>;
  /** Whether it differs by caller: what is listed with it is then the caller's own. */
  readonly perUser: boolean;
}
