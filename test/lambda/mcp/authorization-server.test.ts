import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { discoverAuthorizationServerMetadata, registerClient, startAuthorization } from '@modelcontextprotocol/client';
import type { IdentityKind } from '../../../config/compiled.ts';
import type { CompiledMcpClient } from '../../../config/compiled-mcp.ts';
import { Hidden } from '../../../lambda/core/hidden.ts';
import { createDiscovery } from '../../../lambda/mcp/discovery.ts';
import { isDiscoveryPath, originOf } from '../../../lambda/mcp/public-urls.ts';
import { createUrlGuard } from '../../../lambda/outbound-auth/guard-url.ts';
import { createSend } from '../../../lambda/providers/send.ts';
import type { CallRecord } from '../../../lambda/telemetry/record.ts';
import { type Loopback, listen } from '../../support/loopback.ts';
import { startMcpGateway } from '../../support/mcp-gateway.ts';
import { BASE, policyOf, providerOf, routeOf } from './discovery-policy.ts';

interface Asked {
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** An identity provider on loopback. */
let upstream: Loopback;
const asked: Asked[] = [];
let answer = { status: 200, body: '{"access_token":"at","token_type":"Bearer"}', headers: {} };

beforeAll(async () => {
  upstream = await listen(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    asked.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() });
    response.writeHead(answer.status, { 'content-type': 'application/json', 'set-cookie': 'a=b', ...answer.headers });
    response.end(answer.body);
  });
});
afterAll(() => upstream.close());
const records: CallRecord[] = [];
beforeEach(() => {
  records.length = 0;
  asked.length = 0;
  answer = { status: 200, body: '{"access_token":"at","token_type":"Bearer"}', headers: {} };
});

const TENANT = '11111111-2222-3333-4444-555555555555';
const CLIENT: CompiledMcpClient = {
  clientId: 'agents-client',
  redirectUris: ['http://localhost/', 'https://vscode.dev/redirect', 'cursor://anysphere.cursor/callback'],
};

interface Options {
  readonly issuer?: string;
  readonly client?: CompiledMcpClient;
  readonly secret?: string;
  readonly auth?: 'strict' | 'none';
}

const discoveryOf = (kind: IdentityKind, { issuer, client, secret = '', auth = 'strict' }: Options = {}) => {
  const provider = providerOf(kind, issuer);
  const routes = [routeOf('/mcp', { authorizationServer: kind, auth })];
  const policy = { ...policyOf(routes, [provider], client && { [kind]: client }), version: '0123456789ab' };
  const { guardUrl, lookup } = createUrlGuard([provider.issuer]);
  return createDiscovery(policy, originOf, {
    send: createSend({ lookup }),
    guardUrl,
    credentials: { read: async () => new Hidden(secret) },
    clock: () => 1_800_000_000_000,
    newId: () => 'id',
    records: { write: (record) => void records.push(record) },
    logBug: (_, error) => process.stderr.write(`a bug: ${(error as Error)?.stack}\n`),
  });
};

const ENV = { ip: '127.0.0.1', deadlineMs: 1_800_000_060_000, rawAuthorizationCount: 0 };

const fetchOf = (kind: IdentityKind, options?: Options) => {
  const discovery = discoveryOf(kind, options);
  return async (url: string | URL, init?: RequestInit) =>
    (await discovery(new Request(url, init), ENV)) ?? new Response('not found', { status: 404 });
};

const metadataOf = async (kind: IdentityKind, options?: Options) => {
  const response = await fetchOf(kind, options)(`${BASE}/.well-known/oauth-authorization-server/authorization/${kind}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
};

const PROXIED = ['okta', 'auth0', 'keycloak', 'entra'] as const;

describe('A6: the gateway in the issuer’s place', () => {
  test.each(PROXIED)(
    'is one issuer in every place where clients look, and the one that the resource names: %s',
    async (kind) => {
      const fetch = fetchOf(kind);
      const resource = (await (await fetch(`${BASE}/.well-known/oauth-protected-resource/mcp`)).json()) as {
        authorization_servers: string[];
      };
      const [issuer = ''] = resource.authorization_servers;
      for (const url of [
        `${BASE}/.well-known/oauth-authorization-server/authorization/${kind}`,
        `${BASE}/.well-known/openid-configuration/authorization/${kind}`,
        `${BASE}/authorization/${kind}/.well-known/openid-configuration`,
        `${BASE}/authorization/${kind}/.well-known/oauth-authorization-server`,
      ]) {
        expect(isDiscoveryPath(new URL(url).pathname)).toBe(true);
        const metadata = (await (await fetch(url)).json()) as Record<string, unknown>;
        expect(metadata).toMatchObject({ issuer, code_challenge_methods_supported: ['S256'] });
      }
      expect(issuer).toBe(`${BASE}/authorization/${kind}`);
    },
  );

  test.each(PROXIED)('A7: promises no iss in redirects: %s', async (kind) => {
    expect(await metadataOf(kind)).toMatchObject({ authorization_response_iss_parameter_supported: false });
  });

  test.each(PROXIED)(
    'A8: promises no client metadata documents, which the client of the policy is none of: %s',
    async (kind) => {
      for (const options of [{}, { client: CLIENT }])
        expect(await metadataOf(kind, options)).not.toHaveProperty('client_id_metadata_document_supported');
    },
  );

  test.each(PROXIED)('is found by SDK v2: %s', async (kind) => {
    const issuer = `${BASE}/authorization/${kind}`;
    expect(await discoverAuthorizationServerMetadata(issuer, { fetchFn: fetchOf(kind) })).toMatchObject({ issuer });
  });

  test('is nowhere else: not at the root, not for other providers, not where no route sends its clients', async () => {
    const okta = fetchOf('okta');
    for (const path of [
      '/.well-known/oauth-authorization-server',
      '/.well-known/oauth-authorization-server/authorization/entra',
      '/.well-known/oauth-authorization-server/authorization/okta/more',
      '/authorization/okta',
      '/authorization/okta/v1/token',
      '/authorization/okta/authorize',
      '/authorization/okta/token',
      '/authorization/okta/register',
      '/authorization/__proto__/token',
    ])
      expect((await okta(`${BASE}${path}`, { method: 'GET' })).status).toBe(404);
    const closed = fetchOf('okta', { auth: 'none' });
    expect((await closed(`${BASE}/.well-known/oauth-authorization-server/authorization/okta`)).status).toBe(404);
    const oidc = fetchOf('oidc');
    expect((await oidc(`${BASE}/.well-known/oauth-authorization-server/authorization/oidc`)).status).toBe(404);
  });
});

describe('what each kind needs', () => {
  test('Okta and Auth0 get the audience, which clients keep while they add their own parameters', async () => {
    const okta = await metadataOf('okta');
    expect(okta).toMatchObject({
      authorization_endpoint: 'https://acme.okta.com/oauth2/default/v1/authorize?audience=api%3A%2F%2Fagents',
      token_endpoint: 'https://acme.okta.com/oauth2/default/v1/token',
      jwks_uri: 'https://acme.okta.com/oauth2/default/v1/keys',
    });
    expect(okta).not.toHaveProperty('registration_endpoint');
    const metadata = await discoverAuthorizationServerMetadata(`${BASE}/authorization/okta`, {
      fetchFn: fetchOf('okta'),
    });
    const { authorizationUrl } = await startAuthorization(`${BASE}/authorization/okta`, {
      ...(metadata !== undefined && { metadata }),
      clientInformation: { client_id: 'agents-client' },
      redirectUrl: 'http://localhost:33418/',
      resource: new URL(`${BASE}/mcp`),
    });
    expect(authorizationUrl.origin).toBe('https://acme.okta.com');
    expect(authorizationUrl.searchParams.get('audience')).toBe('api://agents');
    expect(authorizationUrl.searchParams.get('code_challenge_method')).toBe('S256');
    expect(await metadataOf('auth0')).toMatchObject({
      authorization_endpoint: 'https://acme.eu.auth0.com/authorize?audience=api%3A%2F%2Fagents',
      token_endpoint: 'https://acme.eu.auth0.com/oauth/token',
      registration_endpoint: 'https://acme.eu.auth0.com/oidc/register',
    });
  });

  test('Keycloak gets its registration through the gateway', async () => {
    expect(await metadataOf('keycloak')).toMatchObject({
      authorization_endpoint: 'https://login.acme.com/realms/acme/protocol/openid-connect/auth',
      token_endpoint: 'https://login.acme.com/realms/acme/protocol/openid-connect/token',
      registration_endpoint: `${BASE}/authorization/keycloak/register`,
    });
  });

  test('Entra gets everything through the gateway', async () => {
    const metadata = await metadataOf('entra');
    expect(metadata).toMatchObject({
      authorization_endpoint: `${BASE}/authorization/entra/authorize`,
      token_endpoint: `${BASE}/authorization/entra/token`,
      token_endpoint_auth_methods_supported: ['none', 'client_secret_post'],
    });
    expect(metadata).not.toHaveProperty('registration_endpoint');
    const old = fetchOf('entra', { issuer: `https://sts.windows.net/${TENANT}/` });
    const sent = await old(`${BASE}/authorization/entra/authorize?${authorizeQuery()}`);
    expect(sent.headers.get('location')).toMatch(`https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/authorize?`);
  });

  test('a client secret where no request passes through the gateway stops the policy', () => {
    expect(() => discoveryOf('okta', { client: { ...CLIENT, credential: 'secret' } })).toThrow('public');
  });
});

const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const authorizeQuery = (changes: Readonly<Record<string, string>> = {}): string =>
  new URLSearchParams({
    response_type: 'code',
    client_id: 'agents-client',
    redirect_uri: 'http://localhost:33418/',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    state: 'a&b=c',
    scope: 'mcp:read openid offline_access api://other/x',
    ...changes,
  }).toString();

describe('Entra: authorize', () => {
  const go = (query: string) => fetchOf('entra', { client: CLIENT })(`${BASE}/authorization/entra/authorize?${query}`);

  test('sends the browser on without resource, with the scopes as Entra names them', async () => {
    const response = await go(`${authorizeQuery()}&resource=${BASE}/mcp&resource=https%3A%2F%2Fx`);
    expect(response.status).toBe(302);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const { origin, pathname, searchParams } = new URL(response.headers.get('location') ?? '');
    expect(`${origin}${pathname}`).toBe(`https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/authorize`);
    expect(Object.fromEntries(searchParams)).toEqual({
      response_type: 'code',
      client_id: 'agents-client',
      redirect_uri: 'http://localhost:33418/',
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      state: 'a&b=c',
      scope: 'api://agents/mcp:read openid offline_access api://other/x',
    });
  });

  test.each([
    ['without PKCE', authorizeQuery({ code_challenge: '' })],
    ['with the challenge in plain', authorizeQuery({ code_challenge_method: 'plain' })],
    ['with a challenge of another length', authorizeQuery({ code_challenge: 'abc' })],
    ['to where the client of the policy has nobody', authorizeQuery({ redirect_uri: 'https://evil.example/' })],
    ['for a token in the redirect', authorizeQuery({ response_type: 'token' })],
    ['with a parameter twice', `${authorizeQuery()}&client_id=other`],
    ['longer than any', authorizeQuery({ state: 'x'.repeat(9_000) })],
  ])('sends nobody on %s', async (_how, query) => {
    const response = await go(query);
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
  });
});

const SECRET = '{"clientId":"agents-client","clientSecret":"topsecret","authMethod":"client_secret_post"}';
const entra = (secret = SECRET): Options => ({
  issuer: `${upstream.url}/${TENANT}/v2.0`,
  client: { ...CLIENT, credential: 'entra-mcp' },
  secret,
});

describe('Entra: token', () => {
  const CODE = {
    grant_type: 'authorization_code',
    client_id: 'agents-client',
    code: 'a-code',
    code_verifier: 'a-verifier',
    redirect_uri: 'http://localhost:33418/',
  };
  const post = (
    form: Readonly<Record<string, string>> | string,
    options = entra(),
    headers: Record<string, string> = {},
  ) =>
    fetchOf('entra', options)(`${BASE}/authorization/entra/token`, {
      method: 'POST',
      body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    });
  const formSent = () => Object.fromEntries(new URLSearchParams(asked[0]?.body));

  test('of the client of the policy is proved by us, and resource is left out', async () => {
    const response = await post({ ...CODE, resource: `${BASE}/mcp`, scope: 'mcp:read openid' });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ access_token: 'at', token_type: 'Bearer' });
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('set-cookie')).toBeNull();
    expect(asked[0]?.path).toBe(`/${TENANT}/oauth2/v2.0/token`);
    expect(formSent()).toEqual({ ...CODE, client_secret: 'topsecret', scope: 'api://agents/mcp:read openid' });
  });

  test('is refreshed the same way', async () => {
    await post({ grant_type: 'refresh_token', client_id: 'agents-client', refresh_token: 'rt' });
    expect(formSent()).toEqual({
      grant_type: 'refresh_token',
      client_id: 'agents-client',
      refresh_token: 'rt',
      client_secret: 'topsecret',
    });
  });

  test.each([
    'client_credentials',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
    'password',
    'urn:ietf:params:oauth:grant-type:device_code',
    '',
  ])('of no user is not asked for: %s', async (grant_type) => {
    const response = await post({ ...CODE, grant_type, scope: 'https://graph.microsoft.com/.default' });
    expect([response.status, asked.length]).toEqual([400, 0]);
    expect(await response.json()).toMatchObject({ error: 'unsupported_grant_type' });
  });

  test('of any other client gets no secret of ours', async () => {
    await post({ ...CODE, client_id: 'other-client' });
    await post({ ...CODE, client_id: 'AGENTS-CLIENT' });
    await post({ ...CODE, client_id: '' });
    await post({ ...CODE, client_secret: 'their-own' });
    expect(asked).toHaveLength(4);
    for (const { body, headers } of asked) {
      expect(body).not.toContain('topsecret');
      expect(headers.authorization).toBeUndefined();
    }
    expect(asked[3]?.body).toContain('client_secret=their-own');
  });

  test('is not asked for without the verifier, or by a form that says something twice', async () => {
    const { code_verifier: _, ...bare } = CODE;
    expect((await post(bare)).status).toBe(400);
    expect((await post(`${new URLSearchParams(CODE)}&client_id=other`)).status).toBe(400);
    expect((await post(`${new URLSearchParams(CODE)}&grant_type=client_credentials`)).status).toBe(400);
    expect((await post('x'.repeat(70_000))).status).toBe(400);
    expect((await post(JSON.stringify(CODE), entra(), { 'content-type': 'application/json' })).status).toBe(400);
    expect(asked).toHaveLength(0);
  });

  test('is no place for the gateway’s own tokens: a header with one goes nowhere', async () => {
    const response = await post(CODE, entra(), { authorization: 'Bearer of-a-user' });
    expect([response.status, asked.length]).toEqual([401, 0]);
  });

  test('nothing but what it needs is passed on', async () => {
    await post({ ...CODE, requested_token_use: 'on_behalf_of', assertion: 'x', client_info: '1' }, entra(), {
      cookie: 'a=b',
      'x-forwarded-for': '1.2.3.4',
    });
    expect(formSent()).toEqual({ ...CODE, client_secret: 'topsecret' });
    expect(asked[0]?.headers).not.toHaveProperty('cookie');
    expect(asked[0]?.headers).not.toHaveProperty('x-forwarded-for');
  });

  test('errors of Entra reach the client with their status', async () => {
    answer = { status: 400, body: '{"error":"invalid_grant","error_description":"AADSTS70008"}', headers: {} };
    const response = await post(CODE);
    expect([response.status, await response.json()]).toEqual([
      400,
      { error: 'invalid_grant', error_description: 'AADSTS70008' },
    ]);
  });

  test.each([
    [302, '{}', { location: 'http://127.0.0.1:1/' }],
    [200, '<html>', {}],
    [200, '[]', {}],
    [200, `"${'x'.repeat(300_000)}"`, {}],
    [200, `{"access_token":"a","token_type":"Bearer"}${' '.repeat(300_000)}`, {}],
  ])('an answer that is none becomes one of ours: %s %s', async (status, body, headers) => {
    answer = { status, body, headers };
    const response = await post(CODE);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable' });
  });

  test.each(['', '{}', '{"clientId":"another","clientSecret":"topsecret"}'])(
    'a secret that is not the client’s is sent nowhere: %j',
    async (secret) => {
      const response = await post(CODE, entra(secret));
      expect([response.status, asked.length]).toEqual([503, 0]);
      expect(await response.text()).not.toContain('topsecret');
    },
  );

  test('is posted, and preflighted by pages', async () => {
    const fetch = fetchOf('entra', entra());
    expect((await fetch(`${BASE}/authorization/entra/token`)).status).toBe(405);
    const preflight = await fetch(`${BASE}/authorization/entra/token`, { method: 'OPTIONS' });
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([204, 'POST, OPTIONS']);
  });
});

const REDIRECTS = ['http://localhost:33418/', 'https://vscode.dev/redirect', 'cursor://anysphere.cursor/callback'];

describe('registration', () => {
  const post = (kind: IdentityKind, body: unknown, options?: Options, headers: Record<string, string> = {}) =>
    fetchOf(kind, options)(`${BASE}/authorization/${kind}/register`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });

  test.each(PROXIED)(
    'A9: with a client in the policy everybody is told to be that one, and nothing is registered: %s',
    async (kind) => {
      const response = await post(
        kind,
        { redirect_uris: REDIRECTS, client_name: '<b>x</b>', jwks: {} },
        { client: CLIENT },
      );
      expect(response.status).toBe(201);
      expect(await response.json()).toEqual({
        client_id: 'agents-client',
        client_id_issued_at: 1_800_000_000,
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        redirect_uris: REDIRECTS,
      });
      expect(await metadataOf(kind, { client: CLIENT })).toMatchObject({
        registration_endpoint: `${BASE}/authorization/${kind}/register`,
        token_endpoint_auth_methods_supported: ['none'],
      });
      expect(asked).toHaveLength(0);
    },
  );

  test('is understood by SDK v2', async () => {
    const fetchFn = fetchOf('okta', { client: CLIENT });
    const issuer = `${BASE}/authorization/okta`;
    const metadata = await discoverAuthorizationServerMetadata(issuer, { fetchFn });
    const registered = await registerClient(issuer, {
      ...(metadata !== undefined && { metadata }),
      clientMetadata: { redirect_uris: [...REDIRECTS], client_name: 'a client' },
      fetchFn,
    });
    expect(registered.client_id).toBe('agents-client');
  });

  test.each([
    [{ redirect_uris: [] }, 'invalid_redirect_uri'],
    [{}, 'invalid_redirect_uri'],
    [{ redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri'],
    [{ redirect_uris: ['data:text/html,x'] }, 'invalid_redirect_uri'],
    [{ redirect_uris: ['http://evil.example/cb'] }, 'invalid_redirect_uri'],
    [{ redirect_uris: ['http://127.0.0.1.evil.example/cb'] }, 'invalid_redirect_uri'],
    [{ redirect_uris: ['https://user@evil.example/cb'] }, 'invalid_redirect_uri'],
    [{ redirect_uris: ['https://a.example/cb#x'] }, 'invalid_redirect_uri'],
    [{ redirect_uris: ['https://vscode.dev/redirect/'] }, 'invalid_redirect_uri'],
    [{ redirect_uris: ['https://vscode.dev:444/redirect'] }, 'invalid_redirect_uri'],
    [{ redirect_uris: ['http://localhost:33418/elsewhere'] }, 'invalid_redirect_uri'],
    [{ redirect_uris: ['http://127.0.0.1:33418/'] }, 'invalid_redirect_uri'],
    [{ redirect_uris: [...REDIRECTS, 'https://a.example/'] }, 'invalid_redirect_uri'],
    [{ redirect_uris: [1] }, 'invalid_redirect_uri'],
    [{ redirect_uris: 'https://a.example/' }, 'invalid_redirect_uri'],
    ['[]', 'invalid_client_metadata'],
    ['null', 'invalid_client_metadata'],
    ['{', 'invalid_client_metadata'],
    [`"${'x'.repeat(70_000)}"`, 'invalid_client_metadata'],
  ])('refuses %j', async (body, error) => {
    const response = await post('okta', body, { client: CLIENT });
    expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([400, error]);
  });

  test('Keycloak is asked in the client’s place, with nothing but what clients say of themselves', async () => {
    answer = { status: 201, body: '{"client_id":"new","registration_access_token":"rat"}', headers: {} };
    const options = { issuer: `${upstream.url}/realms/acme` };
    const said = {
      redirect_uris: REDIRECTS,
      client_name: 'a client',
      scope: 'mcp:read',
      token_endpoint_auth_method: 'none',
    };
    const more = {
      jwks_uri: 'http://169.254.169.254/',
      sector_identifier_uri: 'http://10.0.0.1/',
      logo_uri: 'http://10.0.0.1/',
    };
    const response = await post('keycloak', { ...said, ...more }, options, {
      authorization: 'Bearer of-a-user',
      cookie: 'a=b',
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ client_id: 'new', registration_access_token: 'rat' });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(asked[0]?.path).toBe('/realms/acme/clients-registrations/openid-connect');
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual(said);
    expect(asked[0]?.headers).not.toHaveProperty('authorization');
    expect(asked[0]?.headers).not.toHaveProperty('cookie');
  });

  test('there is none where strangers may not register', async () => {
    for (const kind of ['okta', 'entra'] as const)
      expect((await post(kind, { redirect_uris: REDIRECTS })).status).toBe(404);
  });
});

describe('what the record says of a client on its way to a token', () => {
  const ISSUED = { access_token: 'SECRET-access', refresh_token: 'SECRET-refresh', id_token: 'SECRET-id' };
  const credential = JSON.stringify({ clientId: CLIENT.clientId, clientSecret: 'SECRET-of-the-client' });
  const options = (secret = credential): Options => ({
    issuer: `${upstream.url}/${TENANT}/v2.0`,
    client: { ...CLIENT, credential: 'entra' },
    secret,
  });
  const FORM = {
    grant_type: 'authorization_code',
    client_id: CLIENT.clientId,
    code: 'SECRET-code',
    code_verifier: 'SECRET-verifier',
    redirect_uri: 'http://localhost:33418/?SECRET',
  };
  const tokenWith = (changes: Record<string, string> = {}, secret?: string) =>
    fetchOf('entra', options(secret))(`${BASE}/authorization/entra/token?x=SECRET-query`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ ...FORM, ...changes }).toString(),
    });
  const authorizeWith = (changes: Record<string, string> = {}) =>
    fetchOf(
      'entra',
      options(),
    )(
      `${BASE}/authorization/entra/authorize?${authorizeQuery({ state: 'SECRET-state', login_hint: 'SECRET', ...changes })}`,
    );
  const registerWith = (redirect: string) =>
    fetchOf('entra', options())(`${BASE}/authorization/entra/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer SECRET-initial' },
      body: JSON.stringify({ redirect_uris: [redirect], software_statement: 'SECRET-statement' }),
    });
  const refused = (error: string, code = 'invalid_request') => ({
    outcome: 'refused',
    reason: code,
    detail: expect.objectContaining({ error }),
  });

  const STEPS: readonly (readonly [string, string, () => Promise<Response>, number, object])[] = [
    ['the way to the provider', 'authorize', () => authorizeWith(), 302, { outcome: 'ok' }],
    [
      'one without PKCE',
      'authorize',
      () => authorizeWith({ code_challenge: 'SECRET' }),
      400,
      refused('invalid_request'),
    ],
    ['a token', 'token', () => tokenWith(), 200, { outcome: 'ok' }],
    [
      'a grant that is not taken',
      'token',
      () => tokenWith({ grant_type: 'SECRET' }),
      400,
      refused('unsupported_grant_type'),
    ],
    [
      'a secret that cannot be used',
      'token',
      () => tokenWith({}, 'SECRET'),
      503,
      { outcome: 'failed', reason: 'credential_unavailable' },
    ],
    ['a registration', 'register', () => registerWith('http://localhost:1/'), 201, { outcome: 'ok' }],
    [
      'one to elsewhere',
      'register',
      () => registerWith('https://SECRET.example/'),
      400,
      refused('invalid_redirect_uri'),
    ],
    [
      'another method',
      'token',
      () => fetchOf('entra', options())(`${BASE}/authorization/entra/token?code=SECRET`),
      405,
      refused('invalid_request', 'method_not_allowed'),
    ],
  ];

  test.each(STEPS)('%s: one record, and nothing secret in it', async (_, endpoint, step, status, says) => {
    answer = { status: 200, body: JSON.stringify({ ...ISSUED, token_type: 'Bearer' }), headers: {} };
    expect((await step()).status).toBe(status);
    expect(records).toEqual([
      expect.objectContaining({
        surface: 'mcp-authorization',
        route: `/authorization/entra/${endpoint}`,
        path: `/authorization/entra/${endpoint}`,
        principal: null,
        status,
        ...says,
      }),
    ]);
    expect(JSON.stringify(records)).not.toContain('SECRET');
  });

  test.each([
    [400, 'invalid_grant', { outcome: 'refused', detail: { upstreamStatus: 400, error: 'invalid_grant' } }],
    [400, 'SECRET', { outcome: 'refused', detail: { upstreamStatus: 400 } }],
    [500, 'server_error', { outcome: 'failed', reason: 'identity_unavailable', detail: { upstreamStatus: 500 } }],
  ])('what the provider refuses is refused there too, without its words: %i %s', async (status, error, says) => {
    answer = { status, body: JSON.stringify({ error, error_description: 'SECRET-code is no code' }), headers: {} };
    expect((await tokenWith()).status).toBe(status);
    expect(records).toEqual([expect.objectContaining({ status, ...says })]);
    expect(JSON.stringify(records)).not.toContain('SECRET');
  });

  test('two headers of authorization are refused in the words of OAuth, and recorded', async () => {
    const request = new Request(`${BASE}/authorization/entra/token`, { method: 'POST', body: 'x' });
    const response = await discoveryOf('entra', options())(request, { ...ENV, rawAuthorizationCount: 2 });
    expect([response?.status, response?.headers.get('access-control-allow-origin')]).toEqual([400, '*']);
    expect(await response?.json()).toMatchObject({ error: 'invalid_request' });
    expect(records).toMatchObject([{ reason: 'invalid_header', surface: 'mcp-authorization' }]);
  });

  test('the app writes that record and no other', async () => {
    const gateway = await startMcpGateway([], [{ auth: 'strict', authorizationServer: 'entra' }], {
      identity: { providers: [providerOf('entra')] },
      authorization: {
        send: createSend(),
        guardUrl: async () => {},
        credentials: { read: async () => new Hidden('') },
      },
    });
    try {
      const url = `${gateway.origin}/authorization/entra/authorize?${authorizeQuery()}`;
      expect((await fetch(url, { redirect: 'manual' })).status).toBe(302);
      expect((await fetch(`${gateway.origin}/authorization/entra/token`, { method: 'POST' })).status).toBe(400);
      expect(gateway.records().map(({ surface, status }) => [surface, status])).toEqual([
        ['mcp-authorization', 302],
        ['mcp-authorization', 400],
      ]);
    } finally {
      await gateway.close();
    }
  });

  test('documents and preflights are looked up without one', async () => {
    const fetch = fetchOf('entra', options());
    await fetch(`${BASE}/.well-known/oauth-authorization-server/authorization/entra`);
    await fetch(`${BASE}/authorization/entra/token`, { method: 'OPTIONS' });
    expect(records).toEqual([]);
    await fetch(`${BASE}/authorization/entra/.well-known/openid-configuration`, { method: 'POST' });
    expect(records).toMatchObject([{ status: 405, reason: 'method_not_allowed' }]);
  });
});
