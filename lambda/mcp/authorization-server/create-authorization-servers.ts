import { checkMethod, jsonDocument } from '../document.ts';
import type { ProtectedPolicy } from '../protected-resource.ts';
import { type BaseUrl, type ProxiedEndpoint, proxiedIssuer, proxiedPath } from '../public-urls.ts';
import { authorize } from './authorize.ts';
import { serverMetadata } from './metadata.ts';
import { type Proxied, proxiedProviders } from './proxied.ts';
import { register } from './register.ts';
import { type TokenPorts, token } from './token.ts';

const MAX_AGE_SECONDS = 300;

interface Endpoint {
  readonly method: 'GET' | 'POST';
  /** What the provider's kind has to be for the gateway to serve this; otherwise clients are sent to its own. */
  serves(proxied: Proxied): boolean;
  answer(proxied: Proxied, request: Request, issuer: string, ports: TokenPorts): Response | Promise<Response>;
}

const ENDPOINTS: Readonly<Record<ProxiedEndpoint, Endpoint>> = {
  metadata: {
    method: 'GET',
    serves: () => true,
    answer: (proxied, _request, issuer) => jsonDocument(200, serverMetadata(proxied, issuer), MAX_AGE_SECONDS),
  },
  authorize: {
    method: 'GET',
    serves: ({ shim }) => shim.refusesResource,
    answer: authorize,
  },
  token: {
    method: 'POST',
    serves: ({ shim }) => shim.refusesResource,
    answer: (proxied, request, _issuer, ports) => token(proxied, request, ports),
  },
  register: {
    method: 'POST',
    serves: ({ shim, client }) => client !== undefined || shim.registersWithoutCors,
    answer: (proxied, request, _issuer, ports) => register(proxied, request, ports),
  },
};

/**
 * The authorization servers that MCP clients see in place of identity providers which they stumble over (`authorizationServer`
 * of a route).
 *
 * Shape:  undefined for a path that is none of theirs: let others answer. Nobody has to say who they are; limit how often a
 *         stranger may ask.
 * Errors: an `Error` at once for a policy that can't work; per request every failure is an answer.
 */
export const createAuthorizationServers = (
  policy: ProtectedPolicy,
  baseUrl: BaseUrl,
  ports: TokenPorts,
): ((request: Request) => Promise<Response | undefined>) => {
  const providers = proxiedProviders(policy);
  return async (request) => {
    const asked = proxiedPath(new URL(request.url).pathname);
    const proxied = asked === undefined ? undefined : providers.get(asked.provider);
    if (asked === undefined || proxied === undefined) return undefined;
    const endpoint = ENDPOINTS[asked.endpoint];
    if (!endpoint.serves(proxied)) return undefined;
    const issuer = proxiedIssuer(baseUrl(request.url), asked.provider);
    return checkMethod(request, endpoint.method) ?? endpoint.answer(proxied, request, issuer, ports);
  };
};
