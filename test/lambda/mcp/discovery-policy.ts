import type { AuthMode, CompiledIdentityProvider, IdentityKind } from '../../../config/compiled.ts';
import type { CompiledMcpClient, CompiledMcpRoute, CompiledToolRule } from '../../../config/compiled-mcp.ts';

export const BASE = 'https://agents.acme.com';

const ISSUERS: Readonly<Record<IdentityKind, string>> = {
  okta: 'https://acme.okta.com/oauth2/default',
  auth0: 'https://acme.eu.auth0.com/',
  entra: 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0',
  keycloak: 'https://login.acme.com/realms/acme',
  oidc: 'https://id.acme.com',
  gatehouse: BASE,
};

export const providerOf = (kind: IdentityKind, issuer = ISSUERS[kind]): CompiledIdentityProvider => ({
  name: kind,
  kind,
  issuer,
  audiences: ['api://agents'],
  algorithms: ['RS256'],
  clockSkewSeconds: 30,
  claims: {},
});

const ALLOW: readonly CompiledToolRule[] = [
  { scope: 'mcp:read', tools: ['list_*'] },
  { scope: 'mcp:write', tools: ['post_*'] },
  { scope: 'mcp:admin' },
  { when: 'true' },
];

export const routeOf = (
  path: string,
  {
    auth = 'strict',
    allow = ALLOW,
    ...more
  }: Partial<CompiledMcpRoute> & { auth?: AuthMode; allow?: readonly CompiledToolRule[] } = {},
): CompiledMcpRoute => ({
  path,
  auth,
  authorization: { allow: [], deny: [], require: [], default: 'allow' },
  rateLimits: [],
  limitsFailure: 'closed',
  servers: [],
  prefix: 'always',
  tools: { deny: [], allow },
  scopeHierarchy: {
    'mcp:admin': ['mcp:admin', 'mcp:write', 'mcp:read'],
    'mcp:write': ['mcp:write', 'mcp:read'],
    'mcp:read': ['mcp:read'],
  },
  stepUp: false,
  pinning: { mode: 'off', pins: {} },
  search: false,
  maxResultBytes: 1_000_000,
  outputSchema: 'warn',
  scanResults: false,
  ...more,
});

export const policyOf = (
  routes: readonly CompiledMcpRoute[],
  providers: readonly CompiledIdentityProvider[] = [providerOf('okta')],
  clients?: Readonly<Record<string, CompiledMcpClient>>,
) => ({
  name: 'acme-agents',
  identity: { providers, apiKeys: [] },
  mcp: { servers: {}, routes, ...(clients !== undefined && { clients }) },
});
