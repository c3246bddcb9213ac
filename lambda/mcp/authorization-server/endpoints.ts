import type { CompiledIdentityProvider } from '../../../config/compiled.ts';

/** Where an identity provider has what MCP clients need. */
export interface Endpoints {
  readonly authorize: string;
  readonly token: string;
  readonly keys: string;
  /** Registers clients for whoever asks (RFC 7591). */
  readonly register?: string;
}

/** What of a kind MCP clients stumble over, and how the gateway mends it. */
export interface Shim {
  readonly endpointsOf: (issuer: string) => Endpoints;
  /** It knows no `resource` (RFC 8707): the audience goes in its place. */
  readonly wantsAudience: boolean;
  /** It refuses `resource`: what clients send goes through the gateway, which leaves it out. */
  readonly refusesResource: boolean;
  /** Pages can't reach its registration: the gateway asks in their place. */
  readonly registersWithoutCors: boolean;
}

const below = (issuer: string, path: string): string => `${issuer.replace(/\/+$/, '')}${path}`;

/** Tokens of version 1 come from a host that serves nothing else. */
const entraBase = (issuer: string): string => {
  const { origin, hostname, pathname } = new URL(issuer);
  const host = hostname === 'sts.windows.net' ? 'https://login.microsoftonline.com' : origin;
  return `${host}/${pathname.split('/')[1]}`;
};

/**
 * A row for each kind that is mended. Sources: each vendor's OpenID configuration; for Okta, registration needs an
 * administrator's token and is no place to send strangers.
 */
const SHIMS: Partial<Record<CompiledIdentityProvider['kind'], Shim>> = {
  okta: {
    endpointsOf: (issuer) => ({
      authorize: below(issuer, '/v1/authorize'),
      token: below(issuer, '/v1/token'),
      keys: below(issuer, '/v1/keys'),
    }),
    wantsAudience: true,
    refusesResource: false,
    registersWithoutCors: false,
  },
  auth0: {
    endpointsOf: (issuer) => ({
      authorize: below(issuer, '/authorize'),
      token: below(issuer, '/oauth/token'),
      keys: below(issuer, '/.well-known/jwks.json'),
      register: below(issuer, '/oidc/register'),
    }),
    wantsAudience: true,
    refusesResource: false,
    registersWithoutCors: false,
  },
  keycloak: {
    endpointsOf: (issuer) => ({
      authorize: below(issuer, '/protocol/openid-connect/auth'),
      token: below(issuer, '/protocol/openid-connect/token'),
      keys: below(issuer, '/protocol/openid-connect/certs'),
      register: below(issuer, '/clients-registrations/openid-connect'),
    }),
    wantsAudience: false,
    refusesResource: false,
    registersWithoutCors: true,
  },
  entra: {
    endpointsOf: (issuer) => ({
      authorize: `${entraBase(issuer)}/oauth2/v2.0/authorize`,
      token: `${entraBase(issuer)}/oauth2/v2.0/token`,
      keys: `${entraBase(issuer)}/discovery/v2.0/keys`,
    }),
    wantsAudience: false,
    refusesResource: true,
    registersWithoutCors: false,
  },
};

/** Undefined for kinds that clients can be sent to as they are: `authorizationServer` then only picks one of several. */
export const shimOf = ({ kind }: Pick<CompiledIdentityProvider, 'kind'>): Shim | undefined => SHIMS[kind];
