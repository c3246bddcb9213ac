/**
 * Who asks, the same whichever identity provider says so. Never holds the token.
 *
 * `id` is a hash of issuer and stable subject: it is safe as a key of limits and caches, and two issuers can't collide in it.
 * `sub` is what people recognise. Lists are empty, never absent, when the token names none.
 */
export interface Principal {
  readonly id: string;
  readonly issuer: string;
  readonly sub: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
  /** Seconds since the epoch after which this identity no longer holds; absent for API keys and anonymous callers. */
  readonly expiresAt?: number;
  /** Whom the identity provider means, for good (RFC 9493 §3.2.4): what `id` is made of. Absent for API keys and anonymous callers. */
  readonly subId?: { readonly iss: string; readonly sub: string };
  /** The agent that acts for `sub` (RFC 8693 §4.1 `act`). */
  readonly actor?: { readonly sub: string; readonly issuer?: string };
}

/** Whoever calls without a token where policy allows it. All of them share one id: limit them by `request.ip`. */
export const ANONYMOUS: Principal = {
  id: 'anonymous',
  issuer: '',
  sub: '',
  clientId: '',
  scopes: [],
  roles: [],
  groups: [],
  claims: {},
};
