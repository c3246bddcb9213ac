import { createAuthorizationServers } from './authorization-server/create-authorization-servers.ts';
import type { TokenPorts } from './authorization-server/token.ts';
import { createProtectedResource, type ProtectedPolicy } from './protected-resource.ts';
import type { BaseUrl } from './public-urls.ts';

/**
 * All that MCP clients ask before they have a token: where the resource says to get one, and the authorization servers that
 * this gateway stands in for.
 *
 * Shape:  undefined for any other path.
 * Errors: an `Error` at once for a policy that can't work; per request every failure is an answer.
 */
export const createDiscovery = (
  policy: ProtectedPolicy,
  baseUrl: BaseUrl,
  ports: TokenPorts,
): ((request: Request) => Promise<Response | undefined>) => {
  const protectedResource = createProtectedResource(policy, baseUrl);
  const authorizationServers = createAuthorizationServers(policy, baseUrl, ports);
  return async (request) => protectedResource(request) ?? authorizationServers(request);
};
