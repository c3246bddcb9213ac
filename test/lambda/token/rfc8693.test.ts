import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeJwt } from 'jose';
import type { CompiledIdentityProvider } from '../../../config/compiled.ts';
import { withOwnTokens } from '../../../lambda/identity/own-provider.ts';
import { principalOf } from '../../../lambda/identity/principal-of.ts';
import { ACCESS_TOKEN, ASSERTION_TYPE, GRANT_TYPE, ID_TOKEN, JWT } from '../../../lambda/token/token-types.ts';
import { CLUSTER, ISSUER, NOW, OKTA, SECRET, SPIRE, tokenService } from '../../support/token-service.ts';

type Service = Awaited<ReturnType<typeof tokenService>>;
const KB = 'https://kb.acme.com';
const TICKETS = 'https://tickets.acme.com';

let service: Service;
beforeAll(async () => {
  service = await tokenService({
    once: { oneUse: true },
    careful: { mayAct: 'required' },
    narrow: { scopes: ['read'], subjectClaims: ['team'], actorClaims: ['cluster'], lifetimeSeconds: 60 },
    twin1: { authentication: { type: 'actor-token', issuer: 'cluster', subject: 'twin' } },
    twin2: { authentication: { type: 'actor-token', issuer: 'cluster', subject: 'twin' } },
    'gatehouse-mcp': { audiences: ['https://tools.acme.com'] },
    chained: { audiences: [ISSUER, TICKETS] },
  });
});

const claimsOf = (json: Record<string, unknown>) => decodeJwt(String(json.access_token)) as Record<string, unknown>;
const withActor = async (more: Record<string, unknown> = {}) => ({
  actor_token: await service.actor(more),
  actor_token_type: JWT,
});
const refusedWith = async (
  error: string,
  params: Parameters<Service['exchange']>[0],
  authorization?: string,
): Promise<string> => {
  const { json, status, response } = await service.exchange(params, authorization);
  expect({ error: json.error, status }).toEqual({ error, status: error === 'invalid_client' ? 401 : 400 });
  expect(json).not.toHaveProperty('access_token');
  expect(response.headers.get('cache-control')).toBe('no-store');
  return String(service.records.at(-1)?.detail?.reason ?? service.records.at(-1)?.detail?.oauth);
};

describe('§2.1 the request', () => {
  test('grant_type has to be token exchange', async () => {
    await refusedWith('invalid_request', { grant_type: undefined });
    await refusedWith('unsupported_grant_type', { grant_type: 'client_credentials' });
  });
  test('subject_token and its type are required, and known', async () => {
    await refusedWith('invalid_request', { subject_token: undefined });
    await refusedWith('invalid_request', { subject_token_type: undefined });
    await refusedWith('invalid_request', { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' });
    for (const type of [ACCESS_TOKEN, JWT, ID_TOKEN])
      expect((await service.exchange({ subject_token_type: type })).status).toBe(200);
  });
  test('actor_token_type is required with actor_token, and must not come without', async () => {
    await refusedWith('invalid_request', { actor_token: await service.actor() });
    await refusedWith('invalid_request', { actor_token_type: JWT });
  });
  test('requested_token_type is an access token or a JWT', async () => {
    for (const type of [ACCESS_TOKEN, JWT])
      expect((await service.exchange({ requested_token_type: type })).json.issued_token_type).toBe(type);
    await refusedWith('invalid_request', { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' });
  });
  test('resource is an absolute URI without a fragment, and both it and audience may be repeated', async () => {
    await refusedWith('invalid_target', { resource: '/tickets' });
    await refusedWith('invalid_target', { resource: `${TICKETS}#x` });
    expect(claimsOf((await service.exchange({ audience: undefined, resource: [KB, TICKETS] })).json).aud).toEqual([
      KB,
      TICKETS,
    ]);
    expect(claimsOf((await service.exchange({ audience: [KB, TICKETS], resource: KB })).json).aud).toEqual([
      KB,
      TICKETS,
    ]);
  });
  test.each(['grant_type', 'subject_token', 'subject_token_type', 'scope', 'requested_token_type'])(
    'RFC 6749 §3.2: %s is not repeated',
    async (name) => {
      await refusedWith('invalid_request', { [name]: ['a', 'a'] });
    },
  );
  test('a parameter without a value is one that was left out, and an unknown one is ignored', async () => {
    expect((await service.exchange({ scope: '', actor_token: '', foo: 'bar' })).status).toBe(200);
  });
});

describe('§2.1 the subject and the actor are validated', () => {
  test.each([
    ['expired', { exp: NOW - 31 }, 'expired'],
    ['for somebody else', { aud: 'api://other' }, 'audience'],
    ['of a stranger', { iss: 'https://evil.example' }, 'issuer'],
  ])('a subject token that is %s', async (_what, more, reason) => {
    expect(await refusedWith('invalid_request', { subject_token: await service.user(more) })).toBe(reason);
  });
  test.each([
    ['expired', { exp: NOW - 31 }, 'expired'],
    ['for somebody else', { aud: 'https://kubernetes.default.svc' }, 'audience'],
    ['signed by another issuer', { iss: SPIRE, sub: 'spiffe://acme.com/a' }, 'kid'],
  ])('an actor token that is %s', async (_what, more, reason) => {
    expect(await refusedWith('invalid_request', await withActor(more))).toBe(reason);
  });
  test('a forged one', async () => {
    const [header, , signature] = (await service.user()).split('.');
    const body = Buffer.from(JSON.stringify({ iss: OKTA, aud: 'api://gateway', sub: 'root', exp: NOW + 9 })).toString(
      'base64url',
    );
    expect(await refusedWith('invalid_request', { subject_token: `${header}.${body}.${signature}` })).toBe('signature');
  });
  test("a person's token is no actor; an application's is", async () => {
    expect(await refusedWith('invalid_request', { actor_token: await service.user(), actor_token_type: JWT })).toBe(
      'not-app-only',
    );
    const app = await service.sign(OKTA, { iss: OKTA, aud: 'api://gateway', sub: 'bot', cid: 'bot' });
    expect(claimsOf((await service.exchange({ actor_token: app, actor_token_type: JWT })).json).act).toEqual({
      sub: 'bot',
      iss: OKTA,
    });
  });
  test("a program's token says that it is one, however often it is exchanged", async () => {
    const app = await service.user({ sub: 'bot', cid: 'bot', uid: undefined });
    const chained = service.basic('chained');
    const once = claimsOf((await service.exchange({ subject_token: app })).json);
    const { json } = await service.exchange({ subject_token: app, audience: ISSUER }, chained);
    const twice = await service.exchange({ subject_token: String(json.access_token) }, chained);
    expect([once.idtyp, claimsOf(twice.json).idtyp]).toEqual(['app', 'app']);
    expect(claimsOf((await service.exchange()).json)).not.toHaveProperty('idtyp');
  });
  test('a SPIFFE issuer speaks of SPIFFE ids only', async () => {
    const svid = (sub: string) => service.sign(SPIRE, { iss: SPIRE, aud: ISSUER, sub });
    expect(await refusedWith('invalid_request', { actor_token: await svid('root'), actor_token_type: JWT })).toBe(
      'spiffe-id',
    );
    const { json } = await service.exchange({
      actor_token: await svid('spiffe://acme.com/agents/a'),
      actor_token_type: JWT,
    });
    expect(claimsOf(json).agent_id).toBe('spiffe://acme.com/agents/a');
  });
});

describe('§2.2.1 the answer', () => {
  test('has the token, its type, its life, and is kept by nobody', async () => {
    const { json, response } = await service.exchange({ scope: 'read' });
    expect(json).toEqual({
      access_token: expect.any(String),
      issued_token_type: ACCESS_TOKEN,
      token_type: 'Bearer',
      expires_in: 300,
    });
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-type')).toBe('application/json');
  });
  test('says the scope when it is not the one that was asked for', async () => {
    expect((await service.exchange()).json.scope).toBe('read write');
    expect((await service.exchange({}, service.basic('narrow'))).json.scope).toBe('read');
  });
  test('the token ends with the client, the subject and the actor, whichever is first', async () => {
    const { json } = await service.exchange({}, service.basic('narrow'));
    expect(json.expires_in).toBe(60);
    expect((await service.exchange({ subject_token: await service.user({ exp: NOW + 9 }) })).json.expires_in).toBe(9);
    expect((await service.exchange(await withActor({ exp: NOW + 7 }))).json.expires_in).toBe(7);
    await refusedWith('invalid_request', { subject_token: await service.user({ exp: NOW - 1 }) });
  });
  test('only claims that the client may have are repeated', async () => {
    const params = {
      subject_token: await service.user({ team: 'blue', phone: '1' }),
      ...(await withActor({ cluster: 'eu', node: 'n' })),
    };
    expect(claimsOf((await service.exchange(params, service.basic('narrow'))).json)).toMatchObject({
      team: 'blue',
      cluster: 'eu',
    });
    const plain = claimsOf((await service.exchange(params)).json);
    for (const name of ['team', 'phone', 'cluster', 'node']) expect(plain).not.toHaveProperty(name);
  });
});

describe('§2.2.2 errors', () => {
  test('a target that the client may not have', async () => {
    await refusedWith('invalid_target', { audience: 'https://payroll.acme.com' });
    await refusedWith('invalid_target', { audience: [TICKETS, 'https://payroll.acme.com'] });
    await refusedWith('invalid_target', { audience: undefined });
  });
  test('a scope beyond the subject or the client', async () => {
    await refusedWith('invalid_scope', { scope: 'read admin' });
    await refusedWith('invalid_scope', { scope: 'write' }, service.basic('narrow'));
  });
  test('RFC 6749 §5.2: a client that is not known says 401 and how to authenticate', async () => {
    for (const authorization of [service.basic('desk', 'wrong'), service.basic('nobody'), 'Basic !', 'Bearer x', '']) {
      const { status, json, response } = await service.exchange({}, authorization);
      expect([status, json.error]).toEqual([401, 'invalid_client']);
      expect(response.headers.get('www-authenticate')).toMatch(/^Basic /);
    }
  });
  test('an expired actor is refused even if the client needs none', async () => {
    await refusedWith('invalid_request', await withActor({ exp: NOW - 60 }));
  });
});

describe('RFC 6749 §2.3 the client', () => {
  const assertion = (more: Record<string, unknown> = {}) =>
    service.sign('client', {
      iss: 'signed',
      sub: 'signed',
      aud: `${ISSUER}/oauth2/token`,
      exp: NOW + 60,
      jti: 'a1',
      ...more,
    });
  const bySigning = async (more: Record<string, unknown> = {}) => ({
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: await assertion(more),
  });
  test('RFC 7523 §3: an assertion is taken once', async () => {
    expect((await service.exchange(await bySigning(), '')).status).toBe(200);
    expect(await refusedWith('invalid_client', await bySigning(), '')).toBe('assertion-used');
    expect((await service.exchange(await bySigning({ jti: 'a2', aud: ISSUER }), '')).status).toBe(200);
  });
  test.each([
    [{ jti: undefined }, 'assertion-no-jti'],
    [{ jti: 'b', sub: 'desk' }, 'assertion-subject'],
    [{ jti: 'b', aud: KB }, 'assertion-audience'],
    [{ jti: 'b', exp: NOW + 3_600 }, 'assertion-lives-too-long'],
    [{ jti: 'b', exp: NOW - 60 }, 'assertion-expired'],
    [{ jti: 'b', iss: 'desk', sub: 'desk' }, 'unknown-client'],
  ])('not with %j', async (more, reason) => {
    expect(await refusedWith('invalid_client', await bySigning(more), '')).toBe(reason);
  });
  test('authenticates in one way', async () => {
    await refusedWith('invalid_request', await bySigning({ jti: 'c' }), service.basic('desk'));
    await refusedWith('invalid_request', { client_secret: SECRET }, service.basic('desk'));
    await refusedWith('invalid_client', { client_id: 'narrow' });
  });
  test('may be known by its actor token alone, if that is of one client', async () => {
    expect(claimsOf((await service.exchange(await withActor(), '')).json).client_id).toBe('pod');
    expect(await refusedWith('invalid_client', await withActor({ sub: 'twin' }), '')).toBe('ambiguous-client');
    expect(await refusedWith('invalid_client', await withActor({ sub: 'another' }), '')).toBe('unknown-client');
  });
});

describe('§4.1 and §4.4 who acts', () => {
  const own = async (params: Record<string, string> = {}) =>
    String((await service.exchange({ audience: ISSUER, ...params }, service.basic('chained'))).json.access_token);
  test('a client without the right to impersonate needs an actor', async () => {
    await refusedWith('invalid_request', {}, service.basic('delegates'));
    expect((await service.exchange(await withActor(), service.basic('delegates'))).status).toBe(200);
  });
  test('the actor is named in act, and who acted before inside it', async () => {
    const first = await own(await withActor());
    const before = { sub: 'system:serviceaccount:a:b', iss: CLUSTER };
    expect(decodeJwt(first).act).toEqual(before);
    const { json } = await service.exchange({ subject_token: first, ...(await withActor({ sub: 'second' })) });
    expect(claimsOf(json)).toMatchObject({
      sub: 'ada@acme.com',
      sub_id: { format: 'iss_sub', iss: OKTA, sub: '00u1' },
      act: { sub: 'second', iss: CLUSTER, act: before },
      agent_id: 'second',
    });
  });
  test('§4.1: act says who, and nothing of when or for whom; whoever acted before is told and decides nothing', async () => {
    const first = await own(await withActor({ exp: NOW + 60 }));
    const { json } = await service.exchange({ subject_token: first, ...(await withActor({ sub: 'second' })) });
    const { act } = claimsOf(json) as { act: Record<string, unknown> & { act: Record<string, unknown> } };
    expect(Object.keys(act)).toEqual(['sub', 'iss', 'act']);
    expect(Object.keys(act.act)).toEqual(['sub', 'iss']);
    const identity = { providers: [], apiKeys: [] };
    const principal = principalOf(
      withOwnTokens(identity, ISSUER).providers[0] as CompiledIdentityProvider,
      claimsOf(json),
      NOW + 60,
    );
    expect(principal.actor).toEqual({ sub: 'second', issuer: CLUSTER });
  });
  test('§4.2 and §4.3: scope is one text with spaces, and client_id is the client that asked', async () => {
    const claims = claimsOf((await service.exchange({ scope: 'write read' })).json);
    expect(String(claims.scope).split(' ').sort()).toEqual(['read', 'write']);
    expect(claims.client_id).toEqual(expect.any(String));
    expect(claimsOf((await service.exchange({}, service.basic('narrow'))).json).client_id).toBe('narrow');
  });
  test('without a new actor who acted before is kept, also for the gateway itself', async () => {
    const first = await own(await withActor());
    const { json } = await service.exchange(
      { subject_token: first, audience: 'https://tools.acme.com' },
      service.basic('gatehouse-mcp'),
    );
    expect(claimsOf(json).act).toEqual(decodeJwt(first).act);
  });
  test('a chain is bounded', async () => {
    let token = await own(await withActor());
    for (let i = 0; i < 4; i++) token = await own({ subject_token: token, ...(await withActor()) });
    await refusedWith('invalid_request', { subject_token: token, ...(await withActor()) });
  });
  test.each([
    [{ sub: 'system:serviceaccount:a:b', iss: CLUSTER }, true],
    [{ sub: 'system:serviceaccount:a:b', iss: SPIRE }, false],
    [{ sub: 'system:serviceaccount:a:b' }, false],
    [{ sub: 'another', iss: CLUSTER }, false],
    [{ iss: CLUSTER }, false],
    ['anybody', false],
    [null, false],
  ])('may_act %j is honoured', async (may_act, isAllowed) => {
    const subject_token = await service.user({ may_act });
    if (isAllowed) expect((await service.exchange({ subject_token, ...(await withActor()) })).status).toBe(200);
    else await refusedWith('invalid_request', { subject_token, ...(await withActor()) });
    await refusedWith('invalid_request', { subject_token });
  });
  test('a client may ask that the subject names its actor', async () => {
    await refusedWith('invalid_request', await withActor(), service.basic('careful'));
  });
});

describe('a subject token that is taken once', () => {
  test('is not taken twice, nor without a jti', async () => {
    const subject_token = await service.user({ jti: 'once' });
    expect((await service.exchange({ subject_token }, service.basic('once'))).status).toBe(200);
    expect(await refusedWith('invalid_request', { subject_token }, service.basic('once'))).toBe('subject-used');
    const bare = await service.user({ jti: undefined });
    expect(await refusedWith('invalid_request', { subject_token: bare }, service.basic('once'))).toBe(
      'subject-without-jti',
    );
  });
});

test('every exchange is one record, with who, for whom and why, and never a token', async () => {
  service.records.length = 0;
  const { json } = await service.exchange(await withActor());
  await service.exchange({ audience: 'https://payroll.acme.com' });
  expect(service.records).toHaveLength(2);
  expect(service.records[0]).toMatchObject({
    surface: 'token',
    outcome: 'ok',
    principal: { sub: 'ada@acme.com' },
    'token.client': 'desk',
    'token.audience': [TICKETS],
    'token.actor': 'system:serviceaccount:a:b',
    'token.jti': claimsOf(json).jti,
  });
  expect(service.records[1]).toMatchObject({
    outcome: 'refused',
    status: 400,
    detail: { oauth: 'target', client: 'desk' },
  });
  expect(JSON.stringify(service.records)).not.toMatch(/eyJ|payroll|a secret/);
});

describe('documents', () => {
  test('tell where tokens and keys are', async () => {
    for (const path of ['openid-configuration', 'oauth-authorization-server']) {
      const response = await service.fetch(`/.well-known/${path}`);
      expect(await response.json()).toMatchObject({
        issuer: ISSUER,
        token_endpoint: `${ISSUER}/oauth2/token`,
        jwks_uri: `${ISSUER}/.well-known/jwks.json`,
        grant_types_supported: [GRANT_TYPE],
      });
    }
    const keys = await service.fetch('/.well-known/jwks.json');
    expect(keys.headers.get('cache-control')).toBe('public, max-age=300');
    const published = ((await keys.json()) as { keys: object[] }).keys;
    expect(published).toHaveLength(2);
    for (const key of published) expect(Object.keys(key).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
    expect((await service.fetch('/.well-known/jwks.json', { method: 'HEAD' })).status).toBe(200);
  });
  test.each([
    ['/oauth2/token', 'GET', 'POST'],
    ['/oauth2/token', 'PUT', 'POST'],
    ['/.well-known/jwks.json', 'POST', 'GET, HEAD'],
  ])('%s does not take %s', async (path, method, allow) => {
    const response = await service.fetch(path, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, allow]);
  });
});

test('whatever is sent, the answer is an error that OAuth knows: never a token, never a bug', async () => {
  const name = fc.constantFrom(
    'grant_type',
    'subject_token',
    'subject_token_type',
    'actor_token',
    'scope',
    'resource',
    'audience',
    'client_assertion',
    'client_id',
    '__proto__',
  );
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom(GRANT_TYPE, ACCESS_TOKEN, JWT, 'a.b.c', 'e30.e30.e30', '%ff', ''),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('POST', 'GET', 'PUT', 'DELETE', 'PATCH'),
      fc.constantFrom('application/x-www-form-urlencoded', 'application/json', 'text/plain', 'multipart/form-data'),
      fc.option(fc.constantFrom(service.basic('desk'), 'Basic Og==', 'Basic %%%', 'Bearer a.b.c')),
      fc.oneof(
        fc.array(fc.tuple(name, value)).map((pairs) => new URLSearchParams(pairs).toString()),
        fc.string(),
      ),
      async (method, type, authorization, body) => {
        const response = await service.fetch('/oauth2/token', {
          method,
          headers: { 'content-type': type, ...(authorization === null ? {} : { authorization }) },
          ...(method === 'GET' ? {} : { body }),
        });
        expect([400, 401, 405]).toContain(response.status);
        const json = (await response.json()) as Record<string, unknown>;
        expect(Object.keys(json).sort()).toEqual(['error', 'error_description']);
        expect([
          'invalid_request',
          'invalid_client',
          'unsupported_grant_type',
          'invalid_target',
          'invalid_scope',
        ]).toContain(json.error);
      },
    ),
    { numRuns: 300 },
  );
  expect(service.bugs).toEqual([]);
});

test('a body of more than 64 KB is not read', async () => {
  await refusedWith('invalid_request', { foo: 'x'.repeat(65 * 1024) });
});
