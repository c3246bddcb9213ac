import type { CompiledIdentity } from '../../config/compiled.ts';
import type { CompiledMcp, CompiledMcpRoute } from '../../config/compiled-mcp.ts';
import { shimOf } from './authorization-server/endpoints.ts';
import { checkMethod, jsonDocument, toResponse } from './document.ts';
import { type BaseUrl, proxiedIssuer, resourceMetadataRoute, resourceMetadataUrl, resourceUrl } from './public-urls.ts';
import { routeScopes } from './route-scopes.ts';

export interface ProtectedPolicy {
  readonly name: string;
  readonly identity: CompiledIdentity;
  readonly mcp: CompiledMcp;
}

const MAX_AGE_SECONDS = 300;

/**
 * Protected resource metadata of every route that takes tokens, at the path of each and at that of the whole host (A1).
 *
 * Shape:  undefined for a path that is none of these: let others answer.
 * Source: RFC 9728 §2 and §3; MCP 2026-07-28, Authorization.
 */
export const createProtectedResource = (
  policy: ProtectedPolicy,
  baseUrl: BaseUrl,
): ((request: Request) => Response | undefined) => {
  const routes = policy.mcp.routes.filter((route) => authorizationServers(route, policy, '').length > 0);

  const documentOf = (path: string, base: string): Readonly<Record<string, unknown>> | undefined => {
    const route = routes.find((one) => one.path === path);
    if (route !== undefined) return metadata(resourceUrl(base, path), [route], policy, base);
    const [first, ...others] = routes;
    if (path !== '' || first === undefined) return undefined;
    // Clients that look here first compare `resource` with what they dialled: one route's own address, if there is but one.
    const resource = others.length === 0 ? resourceUrl(base, first.path) : base;
    return metadata(resource, routes, policy, base);
  };

  return (request) => {
    const path = resourceMetadataRoute(new URL(request.url).pathname);
    if (path === undefined) return undefined;
    const document = documentOf(path, baseUrl(request.url));
    if (document === undefined) return undefined;
    return toResponse(checkMethod(request, 'GET') ?? jsonDocument(200, document, MAX_AGE_SECONDS));
  };
};

/** Where the document of a route is, for challenges; undefined for a route that has none. */
export const metadataUrlOf = (route: CompiledMcpRoute, policy: ProtectedPolicy, base: string): string | undefined =>
  authorizationServers(route, policy, base).length === 0 ? undefined : resourceMetadataUrl(base, route.path);

const metadata = (
  resource: string,
  routes: readonly CompiledMcpRoute[],
  policy: ProtectedPolicy,
  base: string,
): Readonly<Record<string, unknown>> => {
  const scopes = unique(routes.flatMap(routeScopes));
  return {
    resource,
    resource_name: policy.name,
    authorization_servers: unique(routes.flatMap((route) => authorizationServers(route, policy, base))),
    bearer_methods_supported: ['header'],
    ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
  };
};

/**
 * Issuers that clients of a route go to (A6): the gateway itself where the policy says so, otherwise the identity providers,
 * each written as in its tokens. None for a public route, and none where only API keys are known.
 */
const authorizationServers = (
  { auth, authorizationServer }: CompiledMcpRoute,
  { identity }: ProtectedPolicy,
  base: string,
): readonly string[] => {
  if (auth === 'none') return [];
  if (authorizationServer === undefined) return identity.providers.map(({ issuer }) => issuer);
  const provider = identity.providers.find(({ name }) => name === authorizationServer);
  if (provider === undefined) return [];
  return [shimOf(provider) !== undefined ? proxiedIssuer(base, provider.name) : provider.issuer];
};

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)];
