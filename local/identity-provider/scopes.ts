/** Okta's consent setting of a scope: asked always, asked of people but granted to services, or never asked. */
export type ScopeConsent = 'REQUIRED' | 'FLEXIBLE' | 'IMPLICIT';

export interface Scope {
  readonly consent: ScopeConsent;
  /** What the consent page says it lets the client do. */
  readonly means: string;
}

/** The scopes of the authorization server: those of Gatehouse, then those of OpenID Connect. */
export const SCOPES: ReadonlyMap<string, Scope> = new Map([
  ['llm:call', { consent: 'IMPLICIT', means: 'call language models as you' }],
  ['mcp:read', { consent: 'FLEXIBLE', means: 'use tools that read, as you' }],
  ['mcp:write', { consent: 'FLEXIBLE', means: 'use tools that change things, as you' }],
  ['mcp:admin', { consent: 'REQUIRED', means: 'use administrative tools as you' }],
  ['openid', { consent: 'IMPLICIT', means: 'know that it is you' }],
  ['profile', { consent: 'IMPLICIT', means: 'see your name' }],
  ['email', { consent: 'IMPLICIT', means: 'see your email address' }],
  ['offline_access', { consent: 'IMPLICIT', means: 'stay signed in' }],
]);

/** Open to everybody who signs in. */
export const OPENID_SCOPES: readonly string[] = ['openid', 'profile', 'email', 'offline_access'];
