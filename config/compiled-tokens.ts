/** The gateway's own tokens. */
export interface CompiledTokens {
  /** `iss`. Absent: the gateway's own URL, which only the deployment knows. */
  readonly issuer?: string;
  /** The number of the key that signs; one less and one more are published beside it. */
  readonly signingKey: number;
  readonly actorIssuers: readonly CompiledActorIssuer[];
  readonly clients: readonly CompiledTokenClient[];
}

export interface CompiledActorIssuer {
  readonly name: string;
  readonly kind: 'kubernetes' | 'spiffe' | 'aws-iam' | 'oidc';
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly jwksUri?: string;
  readonly algorithms: readonly string[];
}

export interface CompiledTokenClient {
  readonly name: string;
  readonly authentication: CompiledClientAuthentication;
  readonly audiences: readonly string[];
  /** The most that its tokens may have. Absent: what the subject has. */
  readonly scopes?: readonly string[];
  readonly subjectClaims: readonly string[];
  readonly actorClaims: readonly string[];
  readonly impersonation: boolean;
  readonly mayAct: 'honoured' | 'required';
  readonly oneUse: boolean;
  readonly lifetimeSeconds: number;
}

export type CompiledClientAuthentication =
  /** RFC 6749 §2.3.1, client_secret_basic; `credential` names the secret. */
  | { readonly type: 'secret'; readonly credential: string }
  /** RFC 7523 §2.2. Keys are fetched, or shipped with the policy (RFC 7517 §5). */
  | { readonly type: 'private-key-jwt'; readonly jwksUri: string }
  | { readonly type: 'private-key-jwt'; readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] } }
  /** The actor token is the authentication: issuer by its name in the policy, and its `sub`, exactly. */
  | { readonly type: 'actor-token'; readonly issuer: string; readonly subject: string };

/** The client under which this gateway's own functions exchange tokens for the servers that `exchange: gatehouse` names. */
export const OWN_CLIENT = 'gatehouse-mcp';
