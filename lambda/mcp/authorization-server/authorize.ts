import { isRedirectOf } from '../../../config/redirect-uri.ts';
import type { Answer } from '../../http/observed.ts';
import { oauthError } from '../document.ts';
import { entraScopes } from './entra-scopes.ts';
import type { Proxied } from './proxied.ts';
import { readParameters } from './read-parameters.ts';

const MAX_QUERY = 8 * 1024;
/** RFC 7636 §4.2 for S256. */
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;

/**
 * Sends a browser on to the identity provider, with what it would refuse left out. It goes to that one address whatever the
 * request says, and comes back to an address that is registered there.
 *
 * Without PKCE nobody goes on: the provider would let it pass, and our own token endpoint may add a secret to the code.
 */
export const authorize = ({ provider, endpoints, client }: Proxied, request: Request): Answer => {
  const { search, searchParams } = new URL(request.url);
  const parameters = search.length > MAX_QUERY ? undefined : readParameters(searchParams);
  if (parameters === undefined) return oauthError(400, 'invalid_request', 'a parameter is repeated, or too long');
  if (parameters.get('response_type') !== 'code')
    return oauthError(400, 'unsupported_response_type', 'response_type must be code');
  if (parameters.get('code_challenge_method') !== 'S256' || !CHALLENGE.test(parameters.get('code_challenge') ?? ''))
    return oauthError(400, 'invalid_request', 'send a code_challenge, with code_challenge_method S256');
  const isOurs = client !== undefined && parameters.get('client_id') === client.clientId;
  if (isOurs && !isRedirectOf(parameters.get('redirect_uri'), client.redirectUris))
    return oauthError(400, 'invalid_request', 'the client of this gateway has another redirect URI');
  const target = new URL(endpoints.authorize);
  for (const [name, value] of parameters) target.searchParams.append(name, value);
  const scope = parameters.get('scope');
  if (scope !== undefined) target.searchParams.set('scope', entraScopes(scope, provider.audiences[0] ?? ''));
  return {
    status: 302,
    body: null,
    headers: { location: target.href, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
  };
};
