import type { Hidden } from '../core/hidden.ts';

/** Who acts for the subject, the one who acts now outermost (RFC 8693 §4.1). */
export interface Actor {
  readonly sub: string;
  readonly iss?: string;
  readonly act?: Actor;
}

/** What a token of the gateway's own is to say. `iss`, `iat`, `nbf`, `jti` and `exp` are added by whoever makes it. */
export interface TokenRequest {
  /** As people know them: `sub`. */
  readonly sub: string;
  /** Whom the identity provider means, for good (RFC 9493 §3.2.4): the gateway knows its own callers again by it. */
  readonly subId: { readonly iss: string; readonly sub: string };
  readonly audience: readonly string[];
  /** What is no scope of RFC 6749 §3.3 is left out. */
  readonly scopes: readonly string[];
  /** RFC 8693 §4.3. With an actor also `agent_id`. */
  readonly clientId: string;
  readonly actor?: Actor;
  /** Whether the subject is a program, with no user behind it: `idtyp`, as Entra says it. Its token must not pass as a person's. */
  readonly isAppOnly?: boolean;
  /** Further claims. A registered name in it, or one that the gateway sets itself, is refused: a bug. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly lifetimeSeconds: number;
  /** Seconds since the epoch: the token ends then at the latest. */
  readonly notAfter: number;
}

export interface IssuedToken {
  readonly token: Hidden;
  readonly jti: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * Makes and signs a token.
 *
 * Errors: `Refusal('signing_unavailable')`; `Refusal('token_rejected')` with reason `expired` if nothing of its life is left.
 */
export type IssueToken = (request: TokenRequest) => Promise<IssuedToken>;
