import { isRedirectOf, isRedirectUri } from '../../../config/redirect-uri.ts';
import type { Clock } from '../../core/clock.ts';
import type { Answer } from '../../http/observed.ts';
import { jsonDocument, oauthError, readText } from '../document.ts';
import { askProvider, type ProviderPorts } from './ask-provider.ts';
import type { Proxied } from './proxied.ts';

const MAX_BYTES = 64 * 1024;
const MAX_REDIRECTS = 20;

type Json = Readonly<Record<string, unknown>>;

/**
 * Client registration (RFC 7591) for clients that can't be told an id.
 *
 * With a client in the policy everybody is told to be that one. Nothing is registered, so no consent is given away (A9): where
 * answers may go stands in the policy and at the provider.
 *
 * Without one the request goes on to the provider's own registration. Keycloak then sees this gateway's address, so its
 * "Trusted Hosts" policy decides about the gateway and not about the client.
 */
export const register = async (
  { client, endpoints }: Proxied,
  request: Request,
  ports: ProviderPorts & { readonly clock: Clock },
): Promise<Answer> => {
  if (!/^application\/json *(?:;|$)/i.test(request.headers.get('content-type') ?? ''))
    return oauthError(400, 'invalid_client_metadata', 'send the body as application/json');
  const asked = toJson(await readText(request, MAX_BYTES));
  if (asked === undefined) return oauthError(400, 'invalid_client_metadata', 'the body is not a JSON object of 64 KB');
  const redirects = asked.redirect_uris;
  if (!Array.isArray(redirects) || redirects.length === 0 || redirects.length > MAX_REDIRECTS)
    return oauthError(400, 'invalid_redirect_uri', `give redirect_uris, at most ${MAX_REDIRECTS}`);
  if (!redirects.every(isRedirectUri))
    return oauthError(
      400,
      'invalid_redirect_uri',
      'redirects go to https, to this machine, or to an app by its scheme',
    );
  if (client !== undefined && !redirects.every((uri) => isRedirectOf(uri, client.redirectUris)))
    return oauthError(400, 'invalid_redirect_uri', 'the client of this gateway has another redirect URI');
  if (client !== undefined)
    return jsonDocument(201, {
      client_id: client.clientId,
      client_id_issued_at: Math.floor(ports.clock() / 1000),
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: redirects,
    });
  const body = Object.fromEntries(REGISTERED.filter((name) => name in asked).map((name) => [name, asked[name]]));
  const headers = { 'content-type': 'application/json' };
  return askProvider(endpoints.register ?? '', { headers, body: JSON.stringify(body) }, ports);
};

/** What MCP clients say of themselves (RFC 7591 §2). Nothing that would make the provider fetch an address or trust a key. */
const REGISTERED: readonly string[] = [
  'redirect_uris',
  'client_name',
  'client_uri',
  'grant_types',
  'response_types',
  'token_endpoint_auth_method',
  'scope',
  'software_id',
  'software_version',
];

const toJson = (text: string | undefined): Json | undefined => {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
};
