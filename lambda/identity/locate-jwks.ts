import type { CompiledIdentityProvider, IdentityKind } from '../../config/compiled.ts';

/** Where an issuer's keys are: the address itself, or the discovery document that has it. */
export type JwksLocation =
  | { readonly type: 'known'; readonly url: string }
  | { readonly type: 'discover'; readonly url: string };

const known = (url: string): JwksLocation => ({ type: 'known', url });

const LOCATIONS: Record<IdentityKind, (issuer: string) => JwksLocation> = {
  okta: (issuer) => known(`${issuer}/v1/keys`),
  auth0: (issuer) => known(`${issuer}/.well-known/jwks.json`),
  entra: (issuer) => known(entraKeys(new URL(issuer))),
  keycloak: (issuer) => known(`${issuer}/protocol/openid-connect/certs`),
  gatehouse: (issuer) => known(`${issuer}/.well-known/jwks.json`),
  oidc: (issuer) => ({ type: 'discover', url: `${issuer}/.well-known/openid-configuration` }),
};

/**
 * Where the keys of a provider are. A configured `jwksUri` always wins.
 *
 * Errors: an `Error` for an address that is neither https nor on this machine, or that holds a password.
 * Source: each vendor's documentation; OpenID Connect Discovery 1.0 §4 for `oidc`.
 */
export const locateJwks = ({ name, kind, issuer, jwksUri }: CompiledIdentityProvider): JwksLocation => {
  const location = jwksUri === undefined ? LOCATIONS[kind](issuer.replace(/\/$/, '')) : known(jwksUri);
  if (!isSafe(new URL(location.url)))
    throw new Error(`identity provider ${name}: the keys at ${location.url} must be served over https`);
  return location;
};

/**
 * The key address in a discovery document.
 *
 * A document that names another issuer, or keys on another origin, is not believed: whoever can change the document must
 * not be able to point us at keys of their own, or at an address inside our network.
 */
export const readDiscovery = (document: unknown, issuer: string): string => {
  const { issuer: named, jwks_uri: url } = (document ?? {}) as { issuer?: unknown; jwks_uri?: unknown };
  if (named !== issuer) throw new Error('the discovery document is of another issuer');
  if (typeof url !== 'string' || !URL.canParse(url) || new URL(url).origin !== new URL(issuer).origin)
    throw new Error(
      'the discovery document has no jwks_uri with the origin of the issuer: set jwksUri if that is right',
    );
  return url;
};

// Tokens of version 1 come from sts.windows.net, which serves no keys; national clouds serve their own.
const entraKeys = ({ origin, hostname, pathname }: URL): string =>
  `${hostname === 'sts.windows.net' ? 'https://login.microsoftonline.com' : origin}/${pathname.split('/')[1]}/discovery/v2.0/keys`;

const isSafe = ({ protocol, hostname, username, password }: URL): boolean =>
  username === '' && password === '' && (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname)));

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
