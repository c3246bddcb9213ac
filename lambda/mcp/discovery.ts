import type { GatewayEnv } from '../http/gateway-env.ts';
import {
  type AuthorizationServerPorts,
  createAuthorizationServers,
} from './authorization-server/create-authorization-servers.ts';
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
  policy: ProtectedPolicy & { readonly version: string },
  baseUrl: BaseUrl,
  ports: AuthorizationServerPorts,
): ((request: Request, env: GatewayEnv) => Promise<Response | undefined>) => {
  const protectedResource = createProtectedResource(policy, baseUrl);
  const authorizationServers = createAuthorizationServers(policy, baseUrl, ports);
  return async (request, env) => protectedResource(request) ?? authorizationServers(request, env);
};
