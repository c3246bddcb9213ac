import type { CompiledIdentityProvider } from '../../../config/compiled.ts';
import type { CompiledMcpClient } from '../../../config/compiled-mcp.ts';
import type { ProtectedPolicy } from '../protected-resource.ts';
import { routeScopes } from '../route-scopes.ts';
import { type Endpoints, type Shim, shimOf } from './endpoints.ts';

/** An identity provider that clients reach as if this gateway were the issuer. */
export interface Proxied {
  readonly provider: CompiledIdentityProvider;
  readonly shim: Shim;
  readonly endpoints: Endpoints;
  /** Whom every client is told to be. */
  readonly client?: CompiledMcpClient;
  /** Of all routes that lead to it. */
  readonly scopes: readonly string[];
}

/**
 * The identity providers that a route of the policy sends its clients to through the gateway, by name.
 *
 * Errors: an `Error` for a client secret where no request of a client passes through us that it could be added to.
 */
export const proxiedProviders = ({ identity, mcp }: ProtectedPolicy): ReadonlyMap<string, Proxied> =>
  new Map(
    identity.providers.flatMap((provider) => {
      const { name, issuer } = provider;
      const routes = mcp.routes.filter((route) => route.authorizationServer === name && route.auth !== 'none');
      const shim = shimOf(provider);
      if (routes.length === 0 || shim === undefined) return [];
      const client = mcp.clients?.[name];
      if (client?.credential !== undefined && !shim.refusesResource)
        throw new Error(
          `clients of ${name} ask it for tokens themselves: the client of the policy must be a public one`,
        );
      const scopes = [...new Set(routes.flatMap(routeScopes))];
      const endpoints = shim.endpointsOf(issuer);
      return [[name, { provider, shim, endpoints, scopes, ...(client !== undefined && { client }) }]];
    }),
  );
