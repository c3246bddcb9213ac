import { Refusal } from '../../core/refusal.ts';
import type { GatewayEnv } from '../../http/gateway-env.ts';
import { type Answer, type ObservedPorts, observed, type Surface } from '../../http/observed.ts';
import { CORS, checkMethod, jsonDocument, toResponse } from '../document.ts';
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
  answer(proxied: Proxied, request: Request, issuer: string, ports: TokenPorts): Answer | Promise<Answer>;
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

/** Never holds a parameter of a request: codes, verifiers, tokens and secrets are among them. */
const SURFACE: Surface = {
  name: 'mcp-authorization',
  writeRefusal: ({ status, say }) => ({
    error: status >= 500 ? 'temporarily_unavailable' : 'invalid_request',
    error_description: say,
  }),
  headers: CORS,
};

/** What pages and clients look up over and over: public, the same for everybody, and no step of anybody's. */
const isLookup = (endpoint: ProxiedEndpoint, { method }: Request): boolean =>
  method === 'OPTIONS' || (endpoint === 'metadata' && (method === 'GET' || method === 'HEAD'));

export type AuthorizationServerPorts = TokenPorts & Omit<ObservedPorts, 'identify'>;

/**
 * The authorization servers that MCP clients see in place of identity providers which they stumble over (`authorizationServer`
 * of a route). Every step of a client towards a token leaves a record.
 *
 * Shape:  undefined for a path that is none of theirs: let others answer. Nobody has to say who they are; limit how often a
 *         stranger may ask.
 * Errors: an `Error` at once for a policy that can't work; per request every failure is an answer.
 */
export const createAuthorizationServers = (
  policy: ProtectedPolicy & { readonly version: string },
  baseUrl: BaseUrl,
  ports: AuthorizationServerPorts,
): ((request: Request, env: GatewayEnv) => Promise<Response | undefined>) => {
  const providers = proxiedProviders(policy);
  return async (request, env) => {
    const { pathname: path } = new URL(request.url);
    const asked = proxiedPath(path);
    const proxied = asked === undefined ? undefined : providers.get(asked.provider);
    if (asked === undefined || proxied === undefined) return undefined;
    const endpoint = ENDPOINTS[asked.endpoint];
    if (!endpoint.serves(proxied)) return undefined;
    const issuer = proxiedIssuer(baseUrl(request.url), asked.provider);
    const answer = async (): Promise<Answer> =>
      checkMethod(request, endpoint.method) ?? endpoint.answer(proxied, request, issuer, ports);
    if (isLookup(asked.endpoint, request)) return toResponse(await answer());
    const serve = observed(
      policy,
      { path, auth: 'none' },
      SURFACE,
      { ...ports, identify: nobody },
      (_, __, exchange) => {
        exchange.principal = undefined;
        return answer();
      },
    );
    return serve(request, env);
  };
};

const nobody = async (): Promise<never> => {
  throw new Refusal('token_missing');
};
