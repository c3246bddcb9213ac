import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { JwtVerifier } from 'aws-jwt-verify';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { systemClock } from '../../lambda/core/clock.ts';
import { DEMO_USERS, type DemoUser } from '../../local/demo-users.ts';
import { openKeyFile } from '../../local/identity-provider/key-file.ts';
import { mintToken } from '../../local/identity-provider/mint.ts';
import { type IdentityProvider, startIdentityProvider } from '../../local/identity-provider/start-identity-provider.ts';
import { type Browse, createBrowser, signInAs } from '../support/browser.ts';

const CALLBACK = 'http://127.0.0.1:3000/console/callback';
const ALL = 'openid profile email llm:call mcp:read mcp:write mcp:admin';

const printed: unknown[][] = [];
let folder: string;
let keyFile: string;
let idp: IdentityProvider;

beforeAll(async () => {
  for (const method of ['log', 'info', 'warn', 'error'] as const) {
    jest.spyOn(console, method).mockImplementation((...line: unknown[]) => void printed.push(line));
  }
  folder = await mkdtemp(join(tmpdir(), 'identity-'));
  keyFile = join(folder, 'deep', 'identity.json');
  idp = await start();
});

afterAll(async () => {
  await idp.close();
  await rm(folder, { recursive: true });
});

const start = (options: Partial<Parameters<typeof startIdentityProvider>[0]> = {}) =>
  startIdentityProvider({ port: 0, users: DEMO_USERS, keyFile, ...options });

const userNamed = (name: string): DemoUser => {
  const user = DEMO_USERS.find((one) => one.name === name);
  if (user === undefined) throw new Error(`no demo user ${name}`);
  return user;
};

const mint = (options: Partial<Parameters<typeof mintToken>[0]> = {}) => {
  const user = options.user ?? userNamed('jane');
  const now = Math.floor(systemClock() / 1000);
  const standard = { keyFile, issuer: idp.issuer, audience: 'api://default', expiresInSeconds: 60, now };
  return mintToken({ ...standard, scopes: user.scopes, ...options, user });
};

const json = async (url: string, init?: RequestInit): Promise<Record<string, unknown>> =>
  (await (await fetch(url, init)).json()) as Record<string, unknown>;

/** Verifies as a stranger would: all it knows is the issuer. */
const verifyByDiscovery = async (token: string, issuer = idp.issuer, audience = 'api://default') => {
  const discovery = await json(`${issuer}/.well-known/openid-configuration`);
  expect(discovery.issuer).toBe(issuer);
  const keys = createRemoteJWKSet(new URL(String(discovery.jwks_uri)));
  return jwtVerify(token, keys, { issuer, audience, algorithms: ['RS256'] });
};

const post = (endpoint: string, form: Readonly<Record<string, string>>, headers: Record<string, string> = {}) =>
  fetch(`${idp.issuer}/v1/${endpoint}`, { method: 'POST', body: new URLSearchParams(form), headers });

const basic = (id: string, secret: string) => ({ authorization: `Basic ${btoa(`${id}:${secret}`)}` });

const challenge = () => {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, code_challenge: createHash('sha256').update(verifier).digest('base64url') };
};

const authorizeUrl = (params: Readonly<Record<string, string>>): string =>
  `${idp.issuer}/v1/authorize?${new URLSearchParams({
    client_id: 'copilot-web',
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: ALL,
    state: 'a-state',
    code_challenge_method: 'S256',
    ...params,
  })}`;

/** Signs in and allows whatever is asked. Answers the last redirect, and the titles of the pages on the way. */
const signIn = (user: string, params: Readonly<Record<string, string>>, browse: Browse = createBrowser(idp.url)) =>
  signInAs(user, authorizeUrl(params), browse);

/** The whole code flow. */
const tokensOf = async (user: string, params: Readonly<Record<string, string>> = {}) => {
  const { verifier, code_challenge } = challenge();
  const { query } = await signIn(user, { code_challenge, ...params });
  const response = await post('token', {
    grant_type: 'authorization_code',
    client_id: params.client_id ?? 'copilot-web',
    redirect_uri: params.redirect_uri ?? CALLBACK,
    code: query.get('code') ?? '',
    code_verifier: verifier,
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, string>;
};

describe('discovery', () => {
  test.each(['openid-configuration', 'oauth-authorization-server'])(
    '%s names the endpoints where Okta has them',
    async (document) => {
      const { issuer, url } = idp;
      expect(issuer).toBe(`${url}/oauth2/default`);
      expect(await json(`${issuer}/.well-known/${document}`)).toMatchObject({
        issuer,
        authorization_endpoint: `${issuer}/v1/authorize`,
        token_endpoint: `${issuer}/v1/token`,
        jwks_uri: `${issuer}/v1/keys`,
        userinfo_endpoint: `${issuer}/v1/userinfo`,
        introspection_endpoint: `${issuer}/v1/introspect`,
        revocation_endpoint: `${issuer}/v1/revoke`,
        end_session_endpoint: `${issuer}/v1/logout`,
        code_challenge_methods_supported: ['S256'],
      });
    },
  );

  test('the key set holds one public RS256 key and nothing private', async () => {
    const { keys } = await json(`${idp.issuer}/v1/keys`);
    expect(keys).toEqual([
      { kty: 'RSA', use: 'sig', alg: 'RS256', e: 'AQAB', n: expect.any(String), kid: expect.any(String) },
    ]);
  });

  test('nothing is served outside the issuer', async () => {
    expect((await fetch(`${idp.url}/.well-known/openid-configuration`)).status).toBe(404);
    expect((await fetch(`${idp.url}/oauth2/defaultx/v1/keys`)).status).toBe(404);
  });
});

describe('a token made without a browser', () => {
  test('verifies with jose through discovery alone, and has exactly the claims of Okta', async () => {
    const { payload, protectedHeader } = await verifyByDiscovery(await mint());
    expect(protectedHeader).toEqual({ alg: 'RS256', kid: expect.any(String) });
    expect(payload).toEqual({
      ver: 1,
      jti: expect.stringMatching(/^AT\./),
      iss: idp.issuer,
      aud: 'api://default',
      iat: expect.any(Number),
      exp: (payload.iat ?? 0) + 60,
      cid: 'gatehouse-cli',
      uid: '00u1jane0local0acme0',
      scp: ['llm:call', 'mcp:read', 'mcp:write'],
      auth_time: payload.iat,
      sub: 'jane@acme.example',
      groups: ['Everyone', 'payments'],
      roles: ['ai-agents'],
      email: 'jane@acme.example',
      team: 'payments',
    });
  });

  test('verifies with aws-jwt-verify', async () => {
    const verifier = JwtVerifier.create({ issuer: idp.issuer, audience: 'api://default' });
    verifier.cacheJwks((await json(`${idp.issuer}/v1/keys`)) as unknown as Parameters<typeof verifier.cacheJwks>[0]);
    expect(await verifier.verify(await mint())).toMatchObject({ uid: '00u1jane0local0acme0' });
    await expect(verifier.verify(await mint({ audience: 'api://other' }))).rejects.toThrow('Audience');
    await expect(verifier.verify(await mint({ expiresInSeconds: -600 }))).rejects.toThrow('expired');
  });

  test('that is for somebody else, or has expired, does not verify', async () => {
    await expect(verifyByDiscovery(await mint({ audience: 'api://other' }))).rejects.toThrow('"aud"');
    await expect(verifyByDiscovery(await mint({ expiresInSeconds: -60 }))).rejects.toThrow('"exp"');
    await expect(verifyByDiscovery(await mint({ issuer: `${idp.issuer}x` }))).rejects.toThrow('"iss"');
  });

  test('still verifies after a restart, which keeps key and secret', async () => {
    const again = await start();
    try {
      expect(again.serviceClient).toEqual(idp.serviceClient);
      await verifyByDiscovery(await mint({ issuer: again.issuer }), again.issuer);
    } finally {
      await again.close();
    }
  });
});

describe('the key file', () => {
  test('is made once even if many ask at the same time, for its owner only, and leaves nothing beside it', async () => {
    const path = join(folder, 'race', 'identity.json');
    const made = await Promise.all([1, 2, 3, 4].map(() => openKeyFile(path)));
    expect(new Set(made.map(({ signingKey }) => signingKey.kid)).size).toBe(1);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'race'))).toEqual(['identity.json']);
  });

  test.each(['', '{}', '{"signingKey":{"kty":"oct","kid":"k"},"serviceSecret":"s"}'])(
    'that holds %j instead is named and left alone',
    async (text) => {
      const path = join(folder, 'broken.json');
      await writeFile(path, text);
      await expect(openKeyFile(path)).rejects.toThrow(`${path} is not a local identity`);
      expect((await stat(path)).size).toBe(text.length);
    },
  );
});

describe('client credentials', () => {
  const ask = (form: Readonly<Record<string, string>>, secret = idp.serviceClient.secret) =>
    post('token', { grant_type: 'client_credentials', ...form }, basic('copilot-service', secret));

  test('give a token of the service itself: sub is cid, and there is no uid', async () => {
    const response = await ask({ scope: 'llm:call mcp:read' });
    const answer = (await response.json()) as Record<string, string>;
    expect(answer).toEqual({
      token_type: 'Bearer',
      expires_in: 3600,
      access_token: expect.any(String),
      scope: 'llm:call mcp:read',
    });
    const { payload, protectedHeader } = await verifyByDiscovery(answer.access_token ?? '');
    expect(Object.keys(protectedHeader).sort()).toEqual(['alg', 'kid']);
    expect(payload).toEqual({
      ver: 1,
      jti: expect.stringMatching(/^AT\./),
      iss: idp.issuer,
      aud: 'api://default',
      iat: expect.any(Number),
      exp: (payload.iat ?? 0) + 3600,
      cid: 'copilot-service',
      scp: ['llm:call', 'mcp:read'],
      sub: 'copilot-service',
    });
  });

  test('may stand in the body too', async () => {
    const form = { client_id: 'copilot-service', client_secret: idp.serviceClient.secret, scope: 'llm:call' };
    expect((await post('token', { grant_type: 'client_credentials', ...form })).status).toBe(200);
  });

  test('with a wrong secret are refused', async () => {
    const response = await ask({ scope: 'llm:call' }, 'wrong');
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: 'invalid_client' });
  });

  test.each([
    ['none at all', ''],
    ['one that needs consent', 'mcp:admin'],
    ['one of OpenID Connect', 'openid'],
    ['one that does not exist', 'llm:call mcp:rule'],
  ])('are refused scopes as Okta refuses them: %s', async (_why, scope) => {
    const response = await ask({ scope });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: 'invalid_scope' });
  });

  test('are not for the clients of people', async () => {
    const form = { grant_type: 'client_credentials', client_id: 'copilot-web', scope: 'llm:call' };
    expect((await post('token', form)).status).toBe(400);
  });

  test('ignore a resource, as Okta does', async () => {
    const response = await ask({ scope: 'llm:call', resource: 'not a uri' });
    const { access_token } = (await response.json()) as Record<string, string>;
    expect(decodeJwt(access_token ?? '').aud).toBe('api://default');
  });
});

describe('the code flow', () => {
  test('asks who, then for consent, and gives the tokens of that person', async () => {
    const { verifier, code_challenge } = challenge();
    const { titles, query, url } = await signIn('jane', { code_challenge, nonce: 'a-nonce' });
    expect(query.has('iss')).toBe(false);
    expect(titles).toEqual(['Sign in', 'Allow access?']);
    expect(url.startsWith(`${CALLBACK}?`)).toBe(true);
    expect(query.get('state')).toBe('a-state');
    const form = { grant_type: 'authorization_code', client_id: 'copilot-web', redirect_uri: CALLBACK };
    const code = { code: query.get('code') ?? '', code_verifier: verifier };
    const tokens = (await (await post('token', { ...form, ...code })).json()) as Record<string, string>;

    const { payload } = await verifyByDiscovery(tokens.access_token ?? '');
    expect(payload).toEqual({
      ver: 1,
      jti: expect.stringMatching(/^AT\./),
      iss: idp.issuer,
      aud: 'api://default',
      iat: expect.any(Number),
      exp: (payload.iat ?? 0) + 3600,
      cid: 'copilot-web',
      uid: '00u1jane0local0acme0',
      scp: expect.any(Array),
      auth_time: expect.any(Number),
      sub: 'jane@acme.example',
      groups: ['Everyone', 'payments'],
      roles: ['ai-agents'],
      email: 'jane@acme.example',
      team: 'payments',
    });
    // Her own and no more, although mcp:admin was asked for.
    expect([...(payload.scp as string[])].sort()).toEqual([
      'email',
      'llm:call',
      'mcp:read',
      'mcp:write',
      'openid',
      'profile',
    ]);
    expect(decodeProtectedHeader(tokens.access_token ?? '')).not.toHaveProperty('typ');
    const idToken = (await verifyByDiscovery(tokens.id_token ?? '', idp.issuer, 'copilot-web')).payload;
    expect(idToken).toMatchObject({ sub: '00u1jane0local0acme0', nonce: 'a-nonce', email: 'jane@acme.example' });

    const again = await post('token', { ...form, ...code });
    expect(await again.json()).toMatchObject({ error: 'invalid_grant' });
  });

  test.each(DEMO_USERS.map((user) => [user.name, user] as const))('%s gets at most own scopes', async (name, user) => {
    const { access_token } = await tokensOf(name);
    const { scp } = decodeJwt(access_token ?? '') as { scp: string[] };
    expect(scp.filter((scope) => scope.includes(':')).sort()).toEqual([...user.scopes].sort());
  });

  test('somebody with none of the scopes asked for gets no code', async () => {
    const { query } = await signIn('nobody', { scope: 'llm:call', ...challenge() });
    expect(query.get('error')).toBe('access_denied');
    expect(query.get('code')).toBeNull();
  });

  test('remembers the session and the consent, and asks again only when told to', async () => {
    const browse = createBrowser(idp.url);
    expect((await signIn('jane', challenge(), browse)).titles).toEqual(['Sign in', 'Allow access?']);
    expect((await signIn('jane', challenge(), browse)).titles).toEqual([]);
    expect((await signIn('jane', { prompt: 'consent', ...challenge() }, browse)).titles).toEqual(['Allow access?']);
    const silent = await signIn('jane', { prompt: 'none', ...challenge() }, browse);
    expect(silent.query.get('code')).not.toBeNull();
  });

  test('asks for no consent where Okta would not: implicit scopes, and a trusted client', async () => {
    expect((await signIn('jane', { scope: 'openid llm:call', ...challenge() })).titles).toEqual(['Sign in']);
    expect((await signIn('admin', { client_id: 'gatehouse-cli', ...challenge() })).titles).toEqual(['Sign in']);
  });

  test('consent that is denied ends in access_denied', async () => {
    const browse = createBrowser(idp.url);
    const login = await browse(authorizeUrl(challenge()));
    const consent = await browse(login.url, { user: 'admin' });
    expect(consent.page).toContain('mcp:admin');
    const { url } = await browse(consent.url, { answer: 'deny' });
    expect(url.startsWith(CALLBACK)).toBe(true);
    expect(new URL(url).searchParams.get('error')).toBe('access_denied');
  });

  test('without a session, prompt=none is refused', async () => {
    const { query } = await signIn('jane', { prompt: 'none', ...challenge() });
    expect(query.get('error')).toBe('login_required');
  });

  test('another person can take over the browser, and gets none of the first one’s scopes', async () => {
    const browse = createBrowser(idp.url);
    await signIn('admin', challenge(), browse);
    const login = await browse(authorizeUrl({ prompt: 'login', ...challenge() }));
    expect(login.page).toContain('<h1>Sign in</h1>');
    const switched = await browse(login.url, { user: 'reader' });
    const [, action = '', xsrf = ''] = /action="([^"]+)"[\s\S]*name="xsrf" value="([^"]+)"/.exec(switched.page) ?? [];
    const consent = await browse(action, { xsrf, logout: 'yes' });
    expect(consent.page).toContain('reader@acme.example');
    expect(consent.page).not.toContain('mcp:admin');
  });

  test('an offline_access token refreshes, with the person’s claims', async () => {
    const { refresh_token } = await tokensOf('jane', { scope: 'openid offline_access llm:call' });
    const response = await post('token', {
      grant_type: 'refresh_token',
      client_id: 'copilot-web',
      refresh_token: refresh_token ?? '',
    });
    const { access_token } = (await response.json()) as Record<string, string>;
    const { payload } = await verifyByDiscovery(access_token ?? '');
    expect(payload).toMatchObject({ cid: 'copilot-web', uid: '00u1jane0local0acme0', sub: 'jane@acme.example' });
    expect(payload.auth_time).toEqual(expect.any(Number));
  });

  test('any loopback address may be the redirect, and a resource changes nothing', async () => {
    const redirect_uri = 'http://localhost:41234/oauth/callback';
    const { access_token } = await tokensOf('jane', { redirect_uri, resource: 'http://127.0.0.1:3000/mcp' });
    expect(decodeJwt(access_token ?? '').aud).toBe('api://default');
  });
});

describe('the code flow refuses', () => {
  test.each([
    'https://evil.example/callback',
    'http://127.0.0.1.evil.example/callback',
    'http://localhost@evil.example/callback',
    'https://127.0.0.1:3000/console/callback',
    'javascript:alert(1)',
  ])('the redirect %s, on a page of its own', async (redirect_uri) => {
    const { response, page, url } = await createBrowser(idp.url)(authorizeUrl({ redirect_uri, ...challenge() }));
    expect(response.status).toBe(400);
    expect(url.startsWith(idp.issuer)).toBe(true);
    expect(page).toContain('redirect_uri');
  });

  test('a code with another verifier, redirect or client', async () => {
    const { verifier, code_challenge } = challenge();
    const { query } = await signIn('jane', { code_challenge });
    const form = {
      grant_type: 'authorization_code',
      client_id: 'copilot-web',
      redirect_uri: CALLBACK,
      code: query.get('code') ?? '',
      code_verifier: verifier,
    };
    for (const change of [
      { code_verifier: challenge().verifier },
      { redirect_uri: 'http://127.0.0.1:3000/other' },
      { client_id: 'gatehouse-cli' },
    ]) {
      const response = await post('token', { ...form, ...change });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: 'invalid_grant' });
    }
  });

  test('a request without PKCE', async () => {
    const { query } = await signIn('jane', {});
    expect(query.get('error')).toBe('invalid_request');
  });

  test('an unknown client, with its name nowhere on the page as markup', async () => {
    const { response, page } = await createBrowser(idp.url)(authorizeUrl({ client_id: '<b>x</b>', ...challenge() }));
    expect(response.status).toBe(400);
    expect(page).not.toContain('<b>');
  });

  test('an unknown scope', async () => {
    const { query } = await signIn('jane', { scope: 'openid mcp:rule', ...challenge() });
    expect(query.get('error')).toBe('invalid_scope');
  });

  test('an answer that was no choice, and a sign-in page of another browser', async () => {
    const browse = createBrowser(idp.url);
    const { url } = await browse(authorizeUrl(challenge()));
    expect((await browse(url, { user: 'mallory' })).response.status).toBe(400);
    expect((await createBrowser(idp.url)(url, { user: 'jane' })).response.status).toBe(400);
  });
});

describe('the pages', () => {
  test('run no scripts, load nothing, and cannot be framed', async () => {
    const { response, page } = await createBrowser(idp.url)(authorizeUrl(challenge()));
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    const [, style = ''] = /<style>([\s\S]*)<\/style>/.exec(page) ?? [];
    expect(policy).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`);
    expect(page).not.toMatch(/<script|src=|href=/);
    expect(page.match(/<button /g)).toHaveLength(DEMO_USERS.length);
  });

  test('sign out ends the session', async () => {
    const browse = createBrowser(idp.url);
    await signIn('jane', challenge(), browse);
    const { page } = await browse(`${idp.issuer}/v1/logout`);
    const [, action = '', xsrf = ''] = /action="([^"]+)"[\s\S]*name="xsrf" value="([^"]+)"/.exec(page) ?? [];
    expect(page).toContain('name="logout" value="yes"');
    expect((await browse(action, { xsrf, logout: 'yes' })).page).toContain('Signed out');
    expect((await signIn('jane', { prompt: 'none', ...challenge() }, browse)).query.get('error')).toBe(
      'login_required',
    );
  });
});

describe('tokens handed back', () => {
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

  test('userinfo knows the person, and needs openid', async () => {
    const { access_token } = await tokensOf('jane', { scope: 'openid profile' });
    expect(await json(`${idp.issuer}/v1/userinfo`, bearer(access_token ?? ''))).toEqual({
      sub: '00u1jane0local0acme0',
      name: 'Jane Doe',
      preferred_username: 'jane@acme.example',
    });
    expect((await fetch(`${idp.issuer}/v1/userinfo`, bearer(await mint()))).status).toBe(403);
    expect((await fetch(`${idp.issuer}/v1/userinfo`)).status).toBe(401);
    const forged = `${access_token?.slice(0, -8)}AAAAAAAA`;
    expect((await fetch(`${idp.issuer}/v1/userinfo`, bearer(forged))).status).toBe(401);
  });

  test('introspection says what they hold until they are revoked', async () => {
    const form = { client_id: 'gatehouse-cli', token: await mint({ scopes: ['openid', 'llm:call'] }) };
    const introspect = async () => (await post('introspect', form)).json();
    expect(await introspect()).toMatchObject({ active: true, sub: 'jane@acme.example', scope: 'openid llm:call' });
    expect((await post('revoke', form)).status).toBe(200);
    expect(await introspect()).toEqual({ active: false });
    expect((await fetch(`${idp.issuer}/v1/userinfo`, bearer(form.token))).status).toBe(401);
  });

  test('are nobody else’s to look at or to revoke, and expired ones are not active', async () => {
    const token = await mint();
    expect(await (await post('introspect', { client_id: 'copilot-web', token })).json()).toEqual({ active: false });
    await post('revoke', { client_id: 'copilot-web', token });
    const own = { client_id: 'gatehouse-cli', token };
    expect(await (await post('introspect', own)).json()).toMatchObject({ active: true });
    const old = await mint({ expiresInSeconds: -60 });
    const { secret } = idp.serviceClient;
    const asService = await post('introspect', { token: old }, basic('copilot-service', secret));
    expect(await asService.json()).not.toMatchObject({ active: true });
  });
});

describe('the door', () => {
  test.each(['0.0.0.0', '::', '192.168.1.5', '127.evil.example', ''])('does not open on %j', async (host) => {
    await expect(start({ host })).rejects.toThrow('loopback');
  });

  test('says which port is taken', async () => {
    const port = Number(new URL(idp.url).port);
    await expect(start({ port })).rejects.toThrow(`port ${port} is taken`);
  });

  const statusFor = (host: string) =>
    new Promise<{ status: number | undefined; location: string | undefined }>((resolve, reject) => {
      const { port } = new URL(idp.url);
      request({ host: '127.0.0.1', port, path: '/oauth2/default/v1/keys', headers: { host } }, (response) => {
        response.resume();
        resolve({ status: response.statusCode, location: response.headers.location });
      })
        .on('error', reject)
        .end();
    });

  test('is closed to names that were made to point here, and leads localhost to the issuer', async () => {
    const { host, port } = new URL(idp.url);
    expect((await statusFor(host)).status).toBe(200);
    expect((await statusFor(`rebound.example:${port}`)).status).toBe(421);
    expect(await statusFor(`localhost:${port}`)).toEqual({ status: 308, location: `${idp.issuer}/v1/keys` });
  });

  test('a form too large to be one is refused', async () => {
    expect((await post('token', { grant_type: 'client_credentials', scope: 'x'.repeat(70_000) })).status).toBe(413);
  });
});

// Last: what all of the above printed.
test('the library prints nothing', () => {
  expect(printed).toEqual([]);
});
