import type { ClientMetadata } from 'oidc-provider';
import { TOKEN_EXCHANGE } from './token-exchange.ts';

const LOOPBACK_HOSTS = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** The client that the gateway is. */
export const SERVICE_CLIENT = 'copilot-service';

/** The applications that are registered. `serviceSecret` is the one secret among them. */
export const clientsWith = (serviceSecret: string): ClientMetadata[] => [
  publicClient('copilot-web', 'Copilot'),
  publicClient('gatehouse-cli', 'Gatehouse command line'),
  {
    client_id: SERVICE_CLIENT,
    client_name: 'Copilot service',
    client_secret: serviceSecret,
    grant_types: ['client_credentials', TOKEN_EXCHANGE],
    response_types: [],
    redirect_uris: [],
    // Not mcp:admin: Okta refuses a scope that requires consent where nobody can be asked.
    scope: 'llm:call mcp:read mcp:write',
  },
];

const publicClient = (id: string, name: string): ClientMetadata => ({
  client_id: id,
  client_name: name,
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  redirect_uris: ['http://127.0.0.1:3000/console/callback'],
  post_logout_redirect_uris: ['http://127.0.0.1:3000/console'],
});

/** Okta's `consent_method: TRUSTED`: asked for consent only with `prompt=consent`. */
export const TRUSTED_CLIENTS: ReadonlySet<string> = new Set(['gatehouse-cli']);

/** Any address on this machine may get the answer: agents and consoles under development listen wherever they like. */
export const isLoopbackRedirect = (uri: string): boolean => {
  const url = URL.parse(uri);
  return url?.protocol === 'http:' && LOOPBACK_HOSTS.has(url.hostname) && url.username === '' && !uri.includes('#');
};

/** Whether a page of this machine asks. The origin `null` is nobody's. */
export const isLoopbackOrigin = (origin: string): boolean => LOOPBACK_HOSTS.has(URL.parse(origin)?.hostname ?? '');
