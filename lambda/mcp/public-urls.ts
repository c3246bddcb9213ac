/**
 * Where this gateway is, as its clients have it, by the URL of a request: `https://agents.acme.com`, without a slash at the
 * end. API Gateway's own addresses have a stage behind the host.
 */
export type BaseUrl = (url: string) => string;

/** For gateways that are reached at the root of a host. Whoever uses it must have checked the host. */
export const originOf: BaseUrl = (url) => new URL(url).origin;

const RESOURCE_METADATA = '/.well-known/oauth-protected-resource';

/** RFC 8707 §2, A1: the address that clients dial, character for character. */
export const resourceUrl = (base: string, routePath: string): string => `${base}${routePath}`;

/** RFC 9728 §3.1, or RFC 9728 §5.1 where a stage keeps it from being there: clients are told. */
export const resourceMetadataUrl = (base: string, routePath: string): string =>
  `${base}${RESOURCE_METADATA}${routePath}`;

/** The route that a path asks the metadata of; `''` for that of the whole host, undefined for another path. */
export const resourceMetadataRoute = (path: string): string | undefined =>
  path === RESOURCE_METADATA || path.startsWith(`${RESOURCE_METADATA}/`)
    ? path.slice(RESOURCE_METADATA.length).replace(/\/$/, '')
    : undefined;

const AUTHORIZATION = '/authorization/';

/** The issuer that this gateway is for clients of an identity provider. */
export const proxiedIssuer = (base: string, provider: string): string => `${base}${AUTHORIZATION}${provider}`;

export type ProxiedEndpoint = 'metadata' | 'authorize' | 'token' | 'register';

const PROXIED =
  /^(\/\.well-known\/(?:oauth-authorization-server|openid-configuration))?\/authorization\/([a-z0-9-]{1,63})(\/.*)?$/;

const ENDPOINTS: ReadonlyMap<string, ProxiedEndpoint> = new Map<string, ProxiedEndpoint>([
  ['/.well-known/openid-configuration', 'metadata'],
  ['/.well-known/oauth-authorization-server', 'metadata'],
  ['/authorize', 'authorize'],
  ['/token', 'token'],
  ['/register', 'register'],
]);

/** What a path asks of which identity provider; the metadata in every form in which clients look for it (A6). */
export const proxiedPath = (
  path: string,
): { readonly provider: string; readonly endpoint: ProxiedEndpoint } | undefined => {
  const [, wellKnown, provider, rest] = PROXIED.exec(path) ?? [];
  if (provider === undefined) return undefined;
  if (wellKnown !== undefined) return rest === undefined ? { provider, endpoint: 'metadata' } : undefined;
  const endpoint = ENDPOINTS.get(rest ?? '');
  return endpoint === undefined ? undefined : { provider, endpoint };
};

/** Whether a path is for MCP clients that look for where to get a token: nobody has said yet who they are. */
export const isDiscoveryPath = (path: string): boolean =>
  resourceMetadataRoute(path) !== undefined || proxiedPath(path) !== undefined;
