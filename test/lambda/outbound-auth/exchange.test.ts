import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { CompiledMcpCredential } from '../../../config/compiled-mcp.ts';
import { Hidden } from '../../../lambda/core/hidden.ts';
import { createOutboundAuth } from '../../../lambda/outbound-auth/create-outbound-auth.ts';
import { callOf, ISSUER, jwt, NOW, portsFor, startTokenEndpoint } from './token-endpoint.ts';

let endpoint: Awaited<ReturnType<typeof startTokenEndpoint>>;

beforeAll(async () => {
  endpoint = await startTokenEndpoint();
});
afterAll(() => endpoint.close());
beforeEach(() => {
  endpoint.asked.length = 0;
  endpoint.state.answer = async ({ form }) => granted({ sub: subOf(form) });
});

/** The token of somebody at slack. */
const granted = (claims: Readonly<Record<string, unknown>> = {}, answer: Readonly<Record<string, unknown>> = {}) => ({
  body: {
    access_token: jwt({ aud: 'api://slack', cid: 'service', exp: NOW + 900, n: endpoint.asked.length, ...claims }),
    token_type: 'Bearer',
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    expires_in: 900,
    ...answer,
  },
});

const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
const subOf = (form: URLSearchParams): unknown =>
  claimsOf(form.get('subject_token') ?? form.get('assertion') ?? '').sub;

const started = (changes: Partial<Extract<CompiledMcpCredential, { type: 'exchange' }>> = {}) => {
  const { ports, state, secrets } = portsFor(endpoint.url);
  const credential = {
    type: 'exchange',
    tokenUrl: endpoint.url,
    audience: 'api://slack',
    scopes: ['mcp:read', 'mcp:write'],
    client: 'service',
    grant: 'token-exchange',
    ...changes,
  } as const;
  return { auth: createOutboundAuth(credential, ports), state, secrets, ports, credential };
};

const refusedFor = (reason: string, more: Readonly<Record<string, unknown>> = {}) => ({
  code: 'credential_unavailable',
  detail: expect.objectContaining({ reason, ...more }),
});

describe('G39: a token is exchanged as the user', () => {
  test('by RFC 8693, for the audience of the server, as the client of the policy', async () => {
    const { auth } = started();
    const call = callOf('jane');
    const { authorization = '', ...others } = await auth.headers(call);
    expect(others).toEqual({});
    expect(claimsOf(authorization.replace('Bearer ', ''))).toMatchObject({ sub: 'jane', aud: 'api://slack' });
    expect(Object.fromEntries(endpoint.asked[0]?.form ?? [])).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: call.token?.open(),
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: 'api://slack',
      scope: 'mcp:read mcp:write',
    });
    // RFC 6749 §2.3.1: each half is encoded as in a form, then both in base64.
    expect(endpoint.asked[0]?.authorization).toBe(`Basic ${btoa('gate%3Ahouse:s3cret%2F%2B+%26')}`);
    expect(auth.perUser).toBe(true);
  });

  test('by RFC 7523 as Entra has it, which knows no audience', async () => {
    const { auth } = started({ grant: 'jwt-bearer', scopes: [] });
    const call = callOf('jane');
    await auth.headers(call);
    expect(Object.fromEntries(endpoint.asked[0]?.form ?? [])).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: call.token?.open(),
      requested_token_use: 'on_behalf_of',
      scope: 'api://slack/.default',
    });
  });

  test('for no more than the tool needs, where it says so in the same words', async () => {
    const { auth } = started();
    const call = callOf('jane');
    const scopesFor = async (...needed: string[]): Promise<unknown> => {
      endpoint.asked.length = 0;
      await auth.headers(call, { needed });
      return endpoint.asked[0]?.form.get('scope') ?? 'kept';
    };
    expect(await scopesFor('mcp:read', 'other')).toBe('mcp:read');
    expect(await scopesFor('mcp:write')).toBe('mcp:write');
    expect(await scopesFor('mcp:read')).toBe('kept');
    expect(await scopesFor('other')).toBe('mcp:read mcp:write');
    expect(await scopesFor()).toBe('kept');
  });

  test('G38: and the caller’s own token never goes on, even if the endpoint gives it back', async () => {
    endpoint.state.answer = async ({ form }) => ({
      body: { access_token: form.get('subject_token'), token_type: 'Bearer' },
    });
    await expect(started().auth.headers(callOf('jane', { aud: 'api://slack' }))).rejects.toMatchObject(
      refusedFor('token-subject'),
    );
  });
});

describe('G39: a token of the gateway’s own', () => {
  const own = (scopes: readonly string[]) => {
    const { ports } = portsFor(endpoint.url);
    const ownIssuer = endpoint.url.replace('/v1/token', '');
    const secret = { read: async () => new Hidden('{"clientId":"gatehouse","clientSecret":"s"}') };
    return createOutboundAuth(
      { type: 'own-token', audience: 'api://slack', scopes },
      { ...ports, ownIssuer, credentials: secret },
    );
  };
  const holding = (...scopes: string[]) => callOf('jane', {}, { scopes });
  const asked = () => endpoint.asked.map(({ form }) => form.get('scope'));

  test.each<[readonly string[], readonly string[], string | null]>([
    [['mcp:read', 'mcp:write'], [], 'mcp:read'],
    [['mcp:write', 'mcp:read', 'x'], ['mcp:read'], 'mcp:read'],
    [[], [], null],
    [[], ['mcp:read', 'mcp:write'], 'mcp:read'],
    [[], ['mcp:write'], null],
  ])('of %j, for a tool that needs %j, somebody with mcp:read gets %j', async (scopes, needed, expected) => {
    await own(scopes).headers(holding('mcp:read'), { needed });
    expect(asked()).toEqual([expected]);
  });

  test('is refused to who holds none of its scopes', async () => {
    await expect(own(['mcp:write']).headers(holding('mcp:read'))).rejects.toMatchObject(refusedFor('no-scope-left'));
    expect(asked()).toEqual([]);
  });
});

describe('G39: what was exchanged is kept', () => {
  test('for one user and one token of theirs: never for another', async () => {
    const { auth } = started();
    const seen = async (call: Parameters<typeof auth.headers>[0]) => (await auth.headers(call)).authorization ?? '';
    const jane = await seen(callOf('jane'));
    expect(await seen(callOf('jane'))).toBe(jane);
    expect(endpoint.asked).toHaveLength(1);
    const admin = await seen(callOf('admin'));
    expect(claimsOf(admin)).toMatchObject({ sub: 'admin' });
    // A second token of hers, with fewer scopes, must not get what the first was exchanged for.
    expect(await seen(callOf('jane', { scp: ['mcp:read'] }))).not.toBe(jane);
    expect(endpoint.asked).toHaveLength(3);
  });

  test('is not shared by principals that come with one token', async () => {
    const { auth } = started();
    await auth.headers(callOf('jane'));
    await auth.headers(callOf('jane', {}, { id: 'id-other' }));
    expect(endpoint.asked).toHaveLength(2);
  });

  test('and asked for once by all who want it at the same time', async () => {
    const { auth } = started();
    const calls = Array.from({ length: 50 }, (_, index) => callOf(index % 2 === 0 ? 'jane' : 'admin'));
    const tokens = await Promise.all(calls.map(async (call) => (await auth.headers(call)).authorization ?? ''));
    expect(endpoint.asked).toHaveLength(2);
    for (const [index, token] of tokens.entries())
      expect(claimsOf(token)).toMatchObject({ sub: index % 2 === 0 ? 'jane' : 'admin' });
  });

  test('until shortly before it ends', async () => {
    const { auth, state } = started();
    await auth.headers(callOf('jane'));
    state.nowMs += 869_000;
    await auth.headers(callOf('jane'));
    expect(endpoint.asked).toHaveLength(1);
    state.nowMs += 1_000;
    endpoint.state.answer = async () => granted({ sub: 'jane', exp: NOW + 1800 });
    await auth.headers(callOf('jane'));
    expect(endpoint.asked).toHaveLength(2);
  });

  test('and no longer than the caller’s own token holds', async () => {
    const { auth, state } = started();
    const call = callOf('jane', { exp: NOW + 100 });
    await auth.headers(call);
    state.nowMs += 70_000;
    await auth.headers(call);
    expect(endpoint.asked).toHaveLength(2);
    state.nowMs += 30_000;
    await expect(auth.headers(call)).rejects.toMatchObject(refusedFor('subject-expired'));
    expect(endpoint.asked).toHaveLength(2);
  });

  test('until the server refuses it, but not asked for again at every refusal', async () => {
    const { auth, state } = started();
    const first = await auth.headers(callOf('jane'));
    for (let i = 0; i < 20; i++) expect(await auth.headers(callOf('jane'), { fresh: true })).toEqual(first);
    state.nowMs += 5_000;
    expect(await auth.headers(callOf('jane'), { fresh: true })).not.toEqual(first);
    expect(endpoint.asked).toHaveLength(2);
  });

  test('for a thousand users, not for all there ever were', async () => {
    const { auth } = started();
    const send = async (from: number, to: number) => {
      for (let index = from; index < to; index++) await auth.headers(callOf(`user-${index}`));
    };
    await send(0, 1_001);
    expect(endpoint.asked).toHaveLength(1_001);
    await send(1_000, 1_001);
    expect(endpoint.asked).toHaveLength(1_001);
    await send(0, 1);
    expect(endpoint.asked).toHaveLength(1_002);
  });

  test('not at all when the exchange failed', async () => {
    const { auth } = started();
    endpoint.state.answer = async () => ({ status: 500, body: {} });
    await expect(auth.headers(callOf('jane'))).rejects.toMatchObject(refusedFor('token-endpoint-busy'));
    endpoint.state.answer = async () => granted({ sub: 'jane' });
    expect(await auth.headers(callOf('jane'))).toHaveProperty('authorization');
  });
});

describe('whoever leaves', () => {
  test('ends the waiting and not the work that others wait for', async () => {
    const { auth } = started();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    endpoint.state.answer = async () => {
      await gate;
      return granted({ sub: 'jane' });
    };
    const leaver = new AbortController();
    const first = auth.headers(callOf('jane'), { signal: leaver.signal });
    const second = auth.headers(callOf('jane'), { signal: new AbortController().signal });
    leaver.abort(new Error('left'));
    await expect(first).rejects.toThrow('left');
    open();
    expect(await second).toHaveProperty('authorization');
    expect(endpoint.asked).toHaveLength(1);
  });
});

describe('G40: without a user there is no call', () => {
  test('anonymous callers and API keys have nothing to exchange', async () => {
    const { auth } = started();
    await expect(auth.headers({ ...callOf('jane'), token: undefined })).rejects.toMatchObject(
      refusedFor('no-subject-token'),
    );
    expect(endpoint.asked).toHaveLength(0);
  });

  test.each([
    ['Okta', { sub: 'copilot', uid: undefined }],
    ['RFC 9068', { sub: 'robot', cid: undefined, client_id: 'robot' }],
    ['Auth0', { sub: 'abc@clients', gty: 'client-credentials' }],
    ['Keycloak', { sub: 'f3c1', azp: 'robot', preferred_username: 'service-account-robot' }],
    ['Entra, said', { sub: 'o', oid: 'o', idtyp: 'app', scp: 'x' }],
  ])('a program’s own token is told apart from a user’s: %s', async (_who, claims) => {
    await expect(started().auth.headers(callOf('copilot', claims))).rejects.toMatchObject(
      refusedFor('app-only-subject'),
    );
    expect(endpoint.asked).toHaveLength(0);
  });

  test.each(['https://sts.windows.net/t/', 'https://login.microsoftonline.com/t/v2.0'])(
    'Entra’s without a scope is a program’s: %s',
    async (iss) => {
      const { auth } = started();
      const call = callOf('o', { iss, oid: 'o', roles: ['x'] }, { issuer: iss });
      await expect(auth.headers(call)).rejects.toMatchObject(refusedFor('app-only-subject'));
      expect(await auth.headers(callOf('o', { iss, oid: 'o', scp: 'x' }, { issuer: iss }))).toHaveProperty(
        'authorization',
      );
    },
  );

  test('a token that is not the one the caller was identified by is not exchanged', async () => {
    const { auth } = started();
    const call = callOf('jane', { iss: 'https://evil.example' });
    await expect(auth.headers(call)).rejects.toMatchObject(refusedFor('subject-mismatch'));
    expect(ISSUER).not.toBe('https://evil.example');
  });
});

describe('a token that came is refused', () => {
  test.each([
    ['for another audience', { aud: 'api://github' }, {}, 'token-audience'],
    ['for nobody', { aud: undefined }, {}, 'token-audience'],
    ['for an audience that only begins alike', { aud: ['api://slack-admin', 'api://slack/x'] }, {}, 'token-audience'],
    ['of the client itself', { sub: 'service' }, {}, 'token-subject'],
    ['that has ended', { exp: NOW - 1 }, {}, 'token-expired'],
    ['that is an ID token', {}, { issued_token_type: 'urn:ietf:params:oauth:token-type:id_token' }, 'token-type'],
    ['that only the holder of a key may use', {}, { token_type: 'DPoP' }, 'token-type'],
    ['that is no token for access', {}, { token_type: 'N_A' }, 'token-type'],
    ['with a line break in it', {}, { access_token: 'abc\r\nx-admin: true' }, 'token-answer-malformed'],
    ['that is not there', {}, { access_token: undefined }, 'token-answer-malformed'],
    ['longer than any', {}, { access_token: 'a'.repeat(40_000) }, 'token-answer-malformed'],
  ])('%s', async (_what, claims, answer, reason) => {
    endpoint.state.answer = async () => granted({ sub: 'jane', ...claims }, answer);
    await expect(started().auth.headers(callOf('jane'))).rejects.toMatchObject(refusedFor(reason));
  });

  test.each([
    ['one of a list', { aud: ['api://slack', 'account'] }],
    ['with a slash', { aud: 'api://slack/' }],
  ])('but not for an audience written otherwise: %s', async (_what, claims) => {
    endpoint.state.answer = async () => granted({ sub: 'jane', ...claims });
    expect(await started().auth.headers(callOf('jane'))).toHaveProperty('authorization');
  });

  test('nor for Entra’s, which has the bare id of the application', async () => {
    const id = '6e74172b-be56-4843-9ff4-e66a39bb12e3';
    endpoint.state.answer = async () => granted({ sub: 'pairwise', aud: id });
    const { auth } = started({ grant: 'jwt-bearer', audience: `api://${id}` });
    expect(await auth.headers(callOf('jane'))).toHaveProperty('authorization');
  });

  test('nor for being opaque: its life is what the endpoint says', async () => {
    endpoint.state.answer = async () => ({ body: { access_token: 'opaque', token_type: 'bearer', expires_in: '90' } });
    const { auth, state } = started();
    expect(await auth.headers(callOf('jane'))).toEqual({ authorization: 'Bearer opaque' });
    state.nowMs += 60_000;
    await auth.headers(callOf('jane'));
    expect(endpoint.asked).toHaveLength(2);
  });
});

describe('a token endpoint that fails', () => {
  test.each([
    [
      400,
      { error: 'invalid_grant', error_description: 'the token eyJhbGci is bad' },
      'token-endpoint-refused',
      'invalid_grant',
    ],
    [400, { error: 'interaction_required' }, 'token-endpoint-refused', 'interaction_required'],
    [403, '<html>no</html>', 'token-endpoint-refused', undefined],
    [302, '', 'token-endpoint-refused', undefined],
    [200, '<html>hello</html>', 'token-answer-malformed', undefined],
    [200, '[]', 'token-answer-malformed', undefined],
    [200, { access_token: 'a'.repeat(300_000), token_type: 'Bearer' }, 'token-answer-malformed', undefined],
    [200, `{"access_token":"a","token_type":"Bearer"}${' '.repeat(300_000)}`, 'token-answer-malformed', undefined],
  ])('with %s and %j is told by its code alone', async (status, body, reason, error) => {
    endpoint.state.answer = async () => ({ status, body, headers: { location: 'http://127.0.0.1:1/' } });
    const refused = started().auth.headers(callOf('jane'));
    await expect(refused).rejects.toMatchObject(refusedFor(reason, error === undefined ? {} : { error }));
    await refused.catch((thrown) => expect(JSON.stringify(thrown.detail)).not.toMatch(/eyJ|description|html/));
    expect(endpoint.asked).toHaveLength(1);
  });

  test('because it is busy is to be asked again when it says', async () => {
    endpoint.state.answer = async () => ({ status: 429, headers: { 'retry-after': '17' }, body: {} });
    await expect(started().auth.headers(callOf('jane'))).rejects.toMatchObject({ retryAfterSeconds: 17 });
  });

  test('because nobody is there', async () => {
    const gone = await startTokenEndpoint();
    await gone.close();
    const { ports, credential } = started();
    const auth = createOutboundAuth({ ...credential, tokenUrl: gone.url }, { ...ports, ...portsFor(gone.url).ports });
    await expect(auth.headers(callOf('jane'))).rejects.toMatchObject(
      refusedFor('token-endpoint-unreachable', { why: 'ECONNREFUSED' }),
    );
  });

  test('because it is where no token endpoint may be', async () => {
    const { ports, credential } = started();
    const auth = createOutboundAuth({ ...credential, tokenUrl: 'https://169.254.169.254/token' }, ports);
    await expect(auth.headers(callOf('jane'))).rejects.toMatchObject(
      refusedFor('token-endpoint-unreachable', { why: 'address_blocked' }),
    );
  });

  test('for a secret that was rotated is asked once more with the new one', async () => {
    const { auth, state, secrets } = started();
    endpoint.state.answer = async ({ authorization, form }) => {
      if (authorization === `Basic ${btoa('gatehouse:new')}`) return granted({ sub: subOf(form) });
      secrets.set('service', '{"client_id":"gatehouse","client_secret":"new"}');
      return { status: 401, body: { error: 'invalid_client' } };
    };
    expect(await auth.headers(callOf('jane'))).toHaveProperty('authorization');
    expect(state.freshReads).toBe(1);
    secrets.set('service', '{"clientId":"gatehouse","clientSecret":"wrong"}');
    endpoint.state.answer = async () => ({ status: 401, body: { error: 'invalid_client' } });
    endpoint.asked.length = 0;
    await expect(auth.headers(callOf('admin'))).rejects.toMatchObject(
      refusedFor('token-endpoint-refused', { error: 'invalid_client', credential: 'service' }),
    );
    expect(endpoint.asked).toHaveLength(2);
  });
});

test.each([
  'http://idp.example/token',
  'http://10.0.0.1/token',
  'https://user:pass@idp.example/token',
  'ftp://idp.example/',
])('secrets are not sent to %s: the policy does not start', (tokenUrl) => {
  const { ports, credential } = started();
  expect(() => createOutboundAuth({ ...credential, tokenUrl }, ports)).toThrow('https');
});
