import type { Clock } from '../../core/clock.ts';
import type { Answer } from '../../http/observed.ts';
import { proveClient, readTokenClient } from '../../outbound-auth/token-client.ts';
import { oauthError, readText } from '../document.ts';
import { askProvider, type ProviderPorts } from './ask-provider.ts';
import { entraScopes } from './entra-scopes.ts';
import type { Proxied } from './proxied.ts';
import { readParameters } from './read-parameters.ts';

export interface TokenPorts extends ProviderPorts {
  readonly clock: Clock;
  readonly newId: () => string;
}

const MAX_BYTES = 64 * 1024;
/** What a user has agreed to in a browser. Any other grant would let a stranger use our secret to be the application itself. */
const GRANTS: ReadonlySet<string> = new Set(['authorization_code', 'refresh_token']);
const PASSED: readonly string[] = [
  'grant_type',
  'client_id',
  'client_secret',
  'code',
  'redirect_uri',
  'code_verifier',
  'refresh_token',
  'scope',
];

/**
 * A token endpoint in front of the identity provider's. It leaves out `resource`, and proves the client of the policy, and
 * only that one, because its secret can't be in a client that anybody may have.
 *
 * Anybody may ask here. What keeps a stranger's code worthless: it goes to redirect URIs registered for the client alone, and
 * needs the verifier of whoever began.
 */
export const token = async (proxied: Proxied, request: Request, ports: TokenPorts): Promise<Answer> => {
  const { provider, endpoints, client } = proxied;
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded *(?:;|$)/i.test(type))
    return oauthError(400, 'invalid_request', 'send the body as application/x-www-form-urlencoded');
  if (request.headers.has('authorization'))
    return oauthError(401, 'invalid_client', 'send no authorization header to this endpoint');
  const text = await readText(request, MAX_BYTES);
  const given = text === undefined ? undefined : readParameters(new URLSearchParams(text));
  if (given === undefined) return oauthError(400, 'invalid_request', 'a parameter is repeated, or the form too large');
  const grant = given.get('grant_type') ?? '';
  if (!GRANTS.has(grant))
    return oauthError(400, 'unsupported_grant_type', 'this endpoint takes authorization_code and refresh_token');
  if (grant === 'authorization_code' && (given.get('code_verifier') ?? '') === '')
    return oauthError(400, 'invalid_request', 'send the code_verifier');

  const form = new URLSearchParams();
  for (const name of PASSED) {
    const value = given.get(name);
    if (value !== undefined) form.set(name, name === 'scope' ? entraScopes(value, provider.audiences[0] ?? '') : value);
  }
  const isOurs = client !== undefined && given.get('client_id') === client.clientId && !given.has('client_secret');
  if (!isOurs || client.credential === undefined) return ask(endpoints.token, form, {}, ports);
  try {
    const known = await readTokenClient(ports.credentials, client.credential, false);
    if (known.id !== client.clientId) return misconfigured();
    const proof = proveClient(known, endpoints.token, ports.clock(), ports.newId());
    for (const [name, value] of Object.entries(proof.params)) form.set(name, value);
    return await ask(endpoints.token, form, proof.headers, ports);
  } catch {
    return misconfigured();
  }
};

const ask = (url: string, form: URLSearchParams, proof: Readonly<Record<string, string>>, ports: TokenPorts) =>
  askProvider(
    url,
    { headers: { 'content-type': 'application/x-www-form-urlencoded', ...proof }, body: form.toString() },
    ports,
  );

const misconfigured = (): Answer =>
  oauthError(
    503,
    'temporarily_unavailable',
    'the secret of the client can not be used just now',
    'credential_unavailable',
  );
