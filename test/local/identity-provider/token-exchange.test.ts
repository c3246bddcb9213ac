import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import type { Call } from '../../../lambda/core/call.ts';
import { noFacts } from '../../../lambda/core/call.ts';
import { systemClock } from '../../../lambda/core/clock.ts';
import { Hidden } from '../../../lambda/core/hidden.ts';
import { fetchJson } from '../../../lambda/identity/fetch-json.ts';
import { createIdentify } from '../../../lambda/identity/identify.ts';
import { createOutboundAuth } from '../../../lambda/outbound-auth/create-outbound-auth.ts';
import { createUrlGuard } from '../../../lambda/outbound-auth/guard-url.ts';
import { createSend } from '../../../lambda/providers/send.ts';
import { DEMO_USERS } from '../../../local/demo-users.ts';
import { mintToken } from '../../../local/identity-provider/mint.ts';
import {
  type IdentityProvider,
  startIdentityProvider,
} from '../../../local/identity-provider/start-identity-provider.ts';
import { TOKEN_EXCHANGE } from '../../../local/identity-provider/token-exchange.ts';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

const printed: unknown[] = [];
let folder: string;
let keyFile: string;
let idp: IdentityProvider;

beforeAll(async () => {
  for (const method of ['info', 'warn', 'error'] as const)
    jest.spyOn(console, method).mockImplementation((line: unknown) => void printed.push(line));
  folder = await mkdtemp(join(tmpdir(), 'exchange-'));
  keyFile = join(folder, 'identity.json');
  idp = await startIdentityProvider({ port: 0, users: DEMO_USERS, keyFile });
});
afterAll(async () => {
  await idp.close();
  await rm(folder, { recursive: true });
});

const tokenOf = (name: string, changes: Partial<Parameters<typeof mintToken>[0]> = {}) => {
  const user = DEMO_USERS.find((one) => one.name === name);
  if (user === undefined) throw new Error(`no demo user ${name}`);
  const now = Math.floor(systemClock() / 1000);
  const usual = { keyFile, issuer: idp.issuer, audience: 'api://default', expiresInSeconds: 600, now };
  return mintToken({ ...usual, user, scopes: user.scopes, ...changes });
};

type Form = Readonly<Record<string, string | undefined>>;

const ask = async (form: Form, { secret = idp.serviceClient.secret, id = 'copilot-service' } = {}) => {
  const all = { grant_type: TOKEN_EXCHANGE, subject_token_type: ACCESS_TOKEN, audience: 'api://slack', ...form };
  const given = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  const response = await fetch(`${idp.issuer}/v1/token`, {
    method: 'POST',
    body: new URLSearchParams(given as [string, string][]),
    headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
  });
  return {
    status: response.status,
    headers: response.headers,
    json: (await response.json()) as Record<string, unknown>,
  };
};

describe('a person’s token is exchanged', () => {
  test('for one that another audience takes: the same person, by the service', async () => {
    const subject_token = await tokenOf('jane');
    const { status, headers, json } = await ask({ subject_token });
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(json).toEqual({
      token_type: 'Bearer',
      expires_in: expect.any(Number),
      access_token: expect.any(String),
      scope: 'llm:call mcp:read mcp:write',
      issued_token_type: ACCESS_TOKEN,
    });
    const keys = createRemoteJWKSet(new URL(`${idp.issuer}/v1/keys`));
    const { payload } = await jwtVerify(String(json.access_token), keys, {
      issuer: idp.issuer,
      audience: 'api://slack',
    });
    const before = decodeJwt(subject_token);
    expect(payload).toEqual({
      ...before,
      jti: expect.stringMatching(/^AT\./),
      aud: 'api://slack',
      cid: 'copilot-service',
      iat: expect.any(Number),
      exp: before.exp,
    });
    expect(payload.jti).not.toBe(before.jti);
  });

  test.each([
    ['mcp:read', ['mcp:read']],
    ['mcp:write mcp:read', ['mcp:read', 'mcp:write']],
    ['mcp:read mcp:admin', ['mcp:read']],
  ])('for no more than she had: asked for %s', async (scope, scp) => {
    const { json } = await ask({ subject_token: await tokenOf('jane'), scope });
    expect(decodeJwt(String(json.access_token)).scp).toEqual(scp);
  });

  test('and never lives longer than hers', async () => {
    const { json } = await ask({ subject_token: await tokenOf('jane', { expiresInSeconds: 30 }) });
    expect(json.expires_in).toBeLessThanOrEqual(30);
  });

  test('and can be looked at and revoked like every other', async () => {
    const { json } = await ask({ subject_token: await tokenOf('jane') });
    const hand = async (endpoint: string) =>
      fetch(`${idp.issuer}/v1/${endpoint}`, {
        method: 'POST',
        body: new URLSearchParams({ token: String(json.access_token) }),
        headers: { authorization: `Basic ${btoa(`copilot-service:${idp.serviceClient.secret}`)}` },
      });
    expect(await (await hand('introspect')).json()).toMatchObject({ active: true, sub: 'jane@acme.example' });
    await hand('revoke');
    expect(await (await hand('introspect')).json()).toEqual({ active: false });
  });

  test('is announced', async () => {
    const discovery = (await (await fetch(`${idp.issuer}/.well-known/openid-configuration`)).json()) as {
      grant_types_supported: string[];
    };
    expect(discovery.grant_types_supported).toContain(TOKEN_EXCHANGE);
  });
});

describe('no token is given', () => {
  const refusal = async (form: Form, error: string) => {
    const { status, json } = await ask(form);
    expect([status, json.error]).toEqual([400, error]);
  };

  test('for one that has expired, was revoked, is for somebody else, or is none', async () => {
    const revoked = await tokenOf('jane');
    const body = new URLSearchParams({ token: revoked, client_id: 'gatehouse-cli' });
    await fetch(`${idp.issuer}/v1/revoke`, { method: 'POST', body });
    const slack = (await ask({ subject_token: await tokenOf('jane') })).json.access_token;
    for (const subject_token of [
      await tokenOf('jane', { expiresInSeconds: -60 }),
      await tokenOf('jane', { audience: 'api://other' }),
      await tokenOf('jane', { issuer: 'http://127.0.0.1:1/oauth2/default' }),
      `${(await tokenOf('jane')).slice(0, -8)}AAAAAAAA`,
      String(slack),
      revoked,
      'nonsense',
      '',
    ])
      await refusal({ subject_token }, 'invalid_grant');
  });

  test('for a service’s own token: nobody stands behind it', async () => {
    const response = await fetch(`${idp.issuer}/v1/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'mcp:read' }),
      headers: { authorization: `Basic ${btoa(`copilot-service:${idp.serviceClient.secret}`)}` },
    });
    const { access_token } = (await response.json()) as Record<string, string>;
    await refusal({ subject_token: access_token }, 'invalid_grant');
  });

  test.each([
    ['no audience', { audience: undefined }, 'invalid_request'],
    ['another type of token', { subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' }, 'invalid_request'],
    [
      'another type wanted',
      { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      'invalid_request',
    ],
    ['an actor', { actor_token: 'x', actor_token_type: ACCESS_TOKEN }, 'invalid_request'],
    ['a scope that does not exist', { scope: 'mcp:rule' }, 'invalid_scope'],
    ['scopes that she does not have', { scope: 'mcp:admin' }, 'invalid_scope'],
  ])('with %s', async (_what, form, error) => {
    await refusal({ subject_token: await tokenOf('jane'), ...form }, error);
  });

  test('to people without any scope', async () => {
    await refusal({ subject_token: await tokenOf('nobody') }, 'invalid_scope');
  });

  test('to a client that has not proved itself, or may not exchange', async () => {
    const subject_token = await tokenOf('jane');
    expect((await ask({ subject_token }, { secret: 'wrong' })).status).toBe(401);
    const form = {
      grant_type: TOKEN_EXCHANGE,
      subject_token,
      subject_token_type: ACCESS_TOKEN,
      audience: 'api://slack',
    };
    const response = await fetch(`${idp.issuer}/v1/token`, {
      method: 'POST',
      body: new URLSearchParams({ ...form, client_id: 'copilot-web' }),
    });
    expect(response.status).toBe(400);
  });
});

test('jane’s call goes to slack as jane: the gateway’s own exchange, against this provider', async () => {
  const provider = {
    name: 'okta',
    kind: 'okta',
    issuer: idp.issuer,
    audiences: ['api://default'],
    algorithms: ['RS256'],
    clockSkewSeconds: 30,
    claims: {},
  } as const;
  const tokenUrl = `${idp.issuer}/v1/token`;
  const { guardUrl, lookup } = createUrlGuard([tokenUrl]);
  const { id: clientId, secret: clientSecret } = idp.serviceClient;
  const auth = createOutboundAuth(
    { type: 'exchange', tokenUrl, audience: 'api://slack', scopes: [], client: 'okta-client', grant: 'token-exchange' },
    {
      credentials: { read: async () => new Hidden(JSON.stringify({ clientId, clientSecret })) },
      send: createSend({ lookup }),
      guardUrl,
      clock: systemClock,
      newId: () => 'id',
    },
  );
  const identify = createIdentify({ providers: [provider], apiKeys: [] }, { fetchJson, clock: systemClock });
  const call: Call = {
    id: 'call',
    ...(await identify(`Bearer ${await tokenOf('jane')}`)),
    request: { method: 'POST', path: '/mcp', headers: {}, ip: '127.0.0.1' },
    route: '/mcp',
    signal: new AbortController().signal,
    facts: noFacts(),
  };
  const { authorization = '' } = await auth.headers(call);
  expect(decodeJwt(authorization.replace('Bearer ', ''))).toMatchObject({
    sub: 'jane@acme.example',
    uid: '00u1jane0local0acme0',
    aud: 'api://slack',
    cid: 'copilot-service',
  });
});

// Last: what all of the above printed.
test('the library prints nothing', () => expect(printed).toEqual([]));
