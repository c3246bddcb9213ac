import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeJwt } from 'jose';
import type { CompiledIdentityProvider } from '../../../config/compiled.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { withOwnTokens } from '../../../lambda/identity/own-provider.ts';
import { principalOf } from '../../../lambda/identity/principal-of.ts';
import { ACCESS_TOKEN, GRANT_TYPE, ID_TOKEN, JWT } from '../../../lambda/token/token-types.ts';
import { problemsOf, SMALL } from '../../config/problems.ts';
import {
  CLUSTER,
  claimsIn,
  ISSUER,
  NOW,
  OKTA,
  SPIRE,
  type TokenService,
  TRUST_DOMAIN,
  tokenService,
} from '../../support/token-service.ts';

const KB = 'https://kb.acme.com';
const TICKETS = 'https://tickets.acme.com';

let service: TokenService;
beforeAll(async () => {
  service = await tokenService({
    once: { oneUse: true },
    careful: { mayAct: 'required' },
    narrow: { scopes: ['read'], subjectClaims: ['team'], actorClaims: ['cluster'], lifetimeSeconds: 60 },
    'gatehouse-mcp': { audiences: ['https://tools.acme.com'] },
    chained: { audiences: [ISSUER, TICKETS] },
  });
});

const withActor = async (more: Record<string, unknown> = {}) => ({
  actor_token: await service.actor(more),
  actor_token_type: JWT,
});
const refusedWith: TokenService['refused'] = (...asked) => service.refused(...asked);

test('§2: nobody exchanges without saying who they are, whatever tokens they bring', async () => {
  expect(await refusedWith('invalid_client', {}, '')).toBe('no-authentication');
});

describe('§2.1 the request', () => {
  test('is a form in the body, in UTF-8', async () => {
    const FORM = 'application/x-www-form-urlencoded';
    const post = async (type: string, body: string, query = '') => {
      const headers = { 'content-type': type, authorization: service.basic('desk') };
      const response = await service.fetch(`/oauth2/token${query}`, { method: 'POST', headers, body });
      return [response.status, service.records.at(-1)?.detail?.oauth];
    };
    const good = `grant_type=${encodeURIComponent(GRANT_TYPE)}&subject_token=a.b.c&subject_token_type=${encodeURIComponent(JWT)}`;
    expect(await post(`${FORM};charset=UTF-8`, good)).not.toContain('not-a-form');
    for (const type of ['application/json', 'multipart/form-data', `${FORM}; charset=iso-8859-1`])
      expect(await post(type, good)).toEqual([400, 'not-a-form']);
    expect(await post(FORM, `${good}&scope=%FF`)).toEqual([400, 'not-a-form']);
    expect(await post(FORM, good, '?scope=read')).toEqual([400, 'not-a-form']);
  });
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
  test('actor_token_type is one that is known', async () => {
    const saml = 'urn:ietf:params:oauth:token-type:saml2';
    const actor_token = await service.actor();
    expect(await refusedWith('invalid_request', { actor_token, actor_token_type: saml })).toBe('actor-token-type');
    for (const actor_token_type of [ACCESS_TOKEN, JWT])
      expect((await service.exchange({ actor_token, actor_token_type })).status).toBe(200);
  });
  test('requested_token_type is an access token or a JWT', async () => {
    for (const type of [ACCESS_TOKEN, JWT])
      expect((await service.exchange({ requested_token_type: type })).json.issued_token_type).toBe(type);
    await refusedWith('invalid_request', { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' });
  });
  test('RFC 8707 §2: resource is an absolute URI without a fragment, and both it and audience may be repeated', async () => {
    await refusedWith('invalid_target', { resource: '/tickets' });
    await refusedWith('invalid_target', { resource: `${TICKETS}#x` });
    expect(claimsIn((await service.exchange({ audience: undefined, resource: [KB, TICKETS] })).json).aud).toEqual([
      KB,
      TICKETS,
    ]);
    expect(claimsIn((await service.exchange({ audience: [KB, TICKETS], resource: KB })).json).aud).toEqual([
      KB,
      TICKETS,
    ]);
  });
  test('an exchange spends neither token: the same two are exchanged again', async () => {
    const params = { subject_token: await service.user(), ...(await withActor()) };
    for (const _ of [1, 2]) expect((await service.exchange(params)).status).toBe(200);
  });
  test('§2.1.1: every scope is for every target, and one target too many refuses them all', async () => {
    const { json } = await service.exchange({ audience: [KB, TICKETS], scope: 'read write' });
    expect(claimsIn(json)).toMatchObject({ aud: [KB, TICKETS], scp: ['read', 'write'] });
    await refusedWith('invalid_target', { audience: [KB, TICKETS, 'https://payroll.acme.com'], scope: 'read' });
  });
  test('§3: token types are URIs, and the token that is given is of the type that was asked for', async () => {
    await refusedWith('invalid_request', { subject_token_type: 'access_token' });
    await refusedWith('invalid_request', { requested_token_type: 'jwt' });
    for (const type of [undefined, ACCESS_TOKEN, JWT]) {
      const { json } = await service.exchange({ requested_token_type: type });
      expect([json.issued_token_type, json.token_type]).toEqual([type ?? ACCESS_TOKEN, 'Bearer']);
    }
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
  test('one that is said to be an ID token, and says that it is an access token', async () => {
    const access = (issuer: string, more: object) => service.sign(issuer, { iss: issuer, ...more }, 'at+jwt');
    const subject_token = await access(OKTA, { aud: 'api://gateway', sub: 'ada@acme.com', uid: '00u1' });
    expect((await service.exchange({ subject_token })).status).toBe(200);
    expect(await refusedWith('invalid_request', { subject_token, subject_token_type: ID_TOKEN })).toBe('token-type');
    const actor_token = await access(CLUSTER, { aud: ISSUER, sub: 'a' });
    expect((await service.exchange({ actor_token, actor_token_type: JWT })).status).toBe(200);
    expect(await refusedWith('invalid_request', { actor_token, actor_token_type: ID_TOKEN })).toBe('token-type');
  });
  test("a person's token is no actor; an application's is", async () => {
    expect(await refusedWith('invalid_request', { actor_token: await service.user(), actor_token_type: JWT })).toBe(
      'not-app-only',
    );
    const app = await service.sign(OKTA, { iss: OKTA, aud: 'api://gateway', sub: 'bot', cid: 'bot' });
    expect(claimsIn((await service.exchange({ actor_token: app, actor_token_type: JWT })).json).act).toEqual({
      sub: 'bot',
      iss: OKTA,
    });
  });
  test("a program's token says that it is one, however often it is exchanged", async () => {
    const app = await service.user({ sub: 'bot', cid: 'bot', uid: undefined });
    const chained = service.basic('chained');
    const once = claimsIn((await service.exchange({ subject_token: app })).json);
    const { json } = await service.exchange({ subject_token: app, audience: ISSUER }, chained);
    const twice = await service.exchange({ subject_token: String(json.access_token) }, chained);
    expect([once.idtyp, claimsIn(twice.json).idtyp]).toEqual(['app', 'app']);
    expect(claimsIn((await service.exchange()).json)).not.toHaveProperty('idtyp');
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
    expect(claimsIn(json).agent_id).toBe('spiffe://acme.com/agents/a');
  });
});

describe('§2.1 an actor token that is a JWT-SVID without an issuer', () => {
  const svid = (sub: string, more: object = {}) => service.sign(TRUST_DOMAIN, { aud: ISSUER, sub, ...more });
  const exchanged = (actor_token: string) => service.exchange({ actor_token, actor_token_type: JWT });

  test('is of the trust domain that its subject names', async () => {
    const { json } = await exchanged(await svid(`${TRUST_DOMAIN}/agents/a`));
    expect(claimsIn(json).act).toEqual({ sub: `${TRUST_DOMAIN}/agents/a`, iss: TRUST_DOMAIN });
  });

  test('and with may_act that names it by its trust domain', async () => {
    const sub = `${TRUST_DOMAIN}/agents/a`;
    const named = await service.user({ may_act: { sub, iss: TRUST_DOMAIN } });
    const body = { subject_token: named, actor_token: await svid(sub), actor_token_type: JWT };
    expect((await service.exchange(body)).status).toBe(200);
    const other = await service.user({ may_act: { sub, iss: SPIRE } });
    expect(await refusedWith('invalid_request', { ...body, subject_token: other })).toBe('may-act');
  });

  test.each([
    ['of another trust domain', 'spiffe://evil.example/agents/a', {}, 'issuer'],
    ['of a trust domain that begins alike', `${TRUST_DOMAIN}.evil/agents/a`, {}, 'issuer'],
    ['of no workload', TRUST_DOMAIN, {}, 'issuer'],
    ['of a workload that is none', `${TRUST_DOMAIN}/`, {}, 'spiffe-id'],
    ['of somebody', 'ada@acme.com', {}, 'issuer'],
    ['of another issuer', `${TRUST_DOMAIN}/agents/a`, { iss: SPIRE }, 'kid'],
    ['of its domain, speaking of another', 'spiffe://evil.example/agents/a', { iss: TRUST_DOMAIN }, 'spiffe-id'],
    ['whose issuer is none', `${TRUST_DOMAIN}/agents/a`, { iss: null }, 'issuer'],
    ['for somebody else', `${TRUST_DOMAIN}/agents/a`, { aud: 'x' }, 'audience'],
  ])('%s is refused', async (_what, sub, more, reason) => {
    const actor_token = await svid(sub, more);
    expect(await refusedWith('invalid_request', { actor_token, actor_token_type: JWT })).toBe(reason);
  });
});

describe('§4.1 who acted before', () => {
  test.each([
    ['a text', 'somebody'],
    ['a list', [{ sub: 'a' }]],
    ['somebody without a name', { iss: CLUSTER }],
    ['somebody for whom a text acts', { sub: 'a', iss: CLUSTER, act: 'somebody' }],
  ])('§4.1: a subject whose act is %s is not read as if nobody had acted', async (_what, act) => {
    const subject_token = await service.user({ act });
    expect((await service.exchange({ subject_token, ...(await withActor()) })).status).toBe(400);
  });

  test('§4.1: an actor that others act for is none: its own chain would be lost', async () => {
    const actor = await withActor({ act: { sub: 'somebody', iss: CLUSTER } });
    expect(await refusedWith('invalid_request', actor)).toBe('delegated-actor');
  });

  test.each([{ idtyp: 'app' }, { gty: 'client-credentials' }])(
    'a token that says %j is an application’s, though its subject is not its client',
    async (says) => {
      const actor_token = await service.sign(OKTA, {
        iss: OKTA,
        aud: 'api://gateway',
        sub: 'bot-7',
        cid: 'bot',
        ...says,
      });
      expect(claimsIn((await service.exchange({ actor_token, actor_token_type: JWT })).json).act).toEqual({
        sub: 'bot-7',
        iss: OKTA,
      });
    },
  );
});

test('§2.1: a token for one use is refused where nobody can say that it is the first', async () => {
  const usedTokens = { use: async () => Promise.reject(new Refusal('limits_unavailable')) };
  const down = await tokenService({ once: { oneUse: true } }, { usedTokens });
  const { status, json } = await down.exchange({}, down.basic('once'));
  expect([status >= 400, json]).toEqual([true, expect.not.objectContaining({ access_token: expect.anything() })]);
});

test('§2.1: a body that is packed is not unpacked', async () => {
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-encoding': 'gzip',
    authorization: service.basic('desk'),
  };
  const body = new URLSearchParams({
    grant_type: GRANT_TYPE,
    subject_token: await service.user(),
    subject_token_type: ACCESS_TOKEN,
    audience: TICKETS,
  });
  const response = await service.fetch('/oauth2/token', { method: 'POST', headers, body: body.toString() });
  expect([response.status, service.records.at(-1)?.detail?.oauth]).toEqual([400, 'not-a-form']);
});

describe('§2.2.1 the answer', () => {
  test('§2.2 and RFC 6749 §5.1: has the token, its type, its life, no refresh token, and is kept by nobody', async () => {
    const { json, response } = await service.exchange({ scope: 'read' });
    expect(json).toEqual({
      access_token: expect.any(String),
      issued_token_type: ACCESS_TOKEN,
      token_type: 'Bearer',
      expires_in: 300,
    });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cache-control': 'no-store',
      pragma: 'no-cache',
      'content-type': 'application/json',
    });
  });
  test('RFC 6749 §3.3: says the scope when it is not the one that was asked for', async () => {
    expect((await service.exchange()).json.scope).toBe('read write');
    expect((await service.exchange({}, service.basic('narrow'))).json.scope).toBe('read');
  });
  test('RFC 6749 §3.3: a text of scopes has one at least, in the request, in the answer and in the token', async () => {
    await refusedWith('invalid_scope', { scope: ' ' });
    await refusedWith('invalid_scope', { scope: 'read "' });
    const { json } = await service.exchange({ subject_token: await service.user({ scp: [] }) });
    expect(json).not.toHaveProperty('scope');
    expect(claimsIn(json)).not.toHaveProperty('scope');
  });
  test('§5: the token ends with the client, the subject and the actor, whichever is first', async () => {
    const { json } = await service.exchange({}, service.basic('narrow'));
    expect(json.expires_in).toBe(60);
    expect((await service.exchange({ subject_token: await service.user({ exp: NOW + 9 }) })).json.expires_in).toBe(9);
    expect((await service.exchange(await withActor({ exp: NOW + 7 }))).json.expires_in).toBe(7);
    await refusedWith('invalid_request', { subject_token: await service.user({ exp: NOW - 1 }) });
  });
  test('§6: only claims that the client may have are repeated', async () => {
    const params = {
      subject_token: await service.user({ team: 'blue', phone: '1' }),
      ...(await withActor({ cluster: 'eu', node: 'n' })),
    };
    expect(claimsIn((await service.exchange(params, service.basic('narrow'))).json)).toMatchObject({
      team: 'blue',
      cluster: 'eu',
    });
    const plain = claimsIn((await service.exchange(params)).json);
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
  test('a request that lacks something, and a token that is not accepted, are one error: invalid_request', async () => {
    const ended = { exp: NOW - 60 };
    const sentences = new Set<unknown>();
    for (const subject_token of [await service.user(ended), await service.user({ aud: 'api://other' }), 'a.b.c', 'x']) {
      await refusedWith('invalid_request', { subject_token });
      sentences.add((await service.exchange({ subject_token })).json.error_description);
    }
    // Why exactly is for the record: whoever stole a token learns nothing of it.
    expect(sentences.size).toBe(1);
    await refusedWith('invalid_request', { subject_token: undefined });
    await refusedWith('invalid_request', await withActor(ended));
  });
  test('an expired actor is refused even if the client needs none', async () => {
    await refusedWith('invalid_request', await withActor({ exp: NOW - 60 }));
  });
});

describe('§4.1 and §4.4 who acts', () => {
  const own = async (params: Record<string, string> = {}) =>
    String((await service.exchange({ audience: ISSUER, ...params }, service.basic('chained'))).json.access_token);
  test('§1.1: a client without the right to impersonate needs an actor', async () => {
    await refusedWith('invalid_request', {}, service.basic('delegates'));
    expect((await service.exchange(await withActor(), service.basic('delegates'))).status).toBe(200);
  });
  test('§4.1: the actor is named in act, and who acted before inside it', async () => {
    const first = await own(await withActor());
    const before = { sub: 'system:serviceaccount:a:b', iss: CLUSTER };
    expect(decodeJwt(first).act).toEqual(before);
    const { json } = await service.exchange({ subject_token: first, ...(await withActor({ sub: 'second' })) });
    expect(claimsIn(json)).toMatchObject({
      sub: 'ada@acme.com',
      sub_id: { format: 'iss_sub', iss: OKTA, sub: '00u1' },
      act: { sub: 'second', iss: CLUSTER, act: before },
      agent_id: 'second',
    });
  });
  test('§4.1: act says who, and nothing of when or for whom; whoever acted before is told and decides nothing', async () => {
    const first = await own(await withActor({ exp: NOW + 60 }));
    const { json } = await service.exchange({ subject_token: first, ...(await withActor({ sub: 'second' })) });
    const { act } = claimsIn(json) as { act: Record<string, unknown> & { act: Record<string, unknown> } };
    expect(Object.keys(act)).toEqual(['sub', 'iss', 'act']);
    expect(Object.keys(act.act)).toEqual(['sub', 'iss']);
    const identity = { providers: [], apiKeys: [] };
    const principal = principalOf(
      withOwnTokens(identity, ISSUER).providers[0] as CompiledIdentityProvider,
      claimsIn(json),
      NOW + 60,
    );
    expect(principal.actor).toEqual({ sub: 'second', issuer: CLUSTER });
  });
  test('§4.2 and §4.3: scope is one text with spaces, and client_id is the client that asked', async () => {
    const claims = claimsIn((await service.exchange({ scope: 'write read' })).json);
    expect(String(claims.scope).split(' ').sort()).toEqual(['read', 'write']);
    expect(claims.client_id).toEqual(expect.any(String));
    expect(claimsIn((await service.exchange({}, service.basic('narrow'))).json).client_id).toBe('narrow');
  });
  test('§4.1: without a new actor who acted before is kept, also for the gateway itself', async () => {
    const first = await own(await withActor());
    const { json } = await service.exchange(
      { subject_token: first, audience: 'https://tools.acme.com' },
      service.basic('gatehouse-mcp'),
    );
    expect(claimsIn(json).act).toEqual(decodeJwt(first).act);
  });
  test('§4.1: a chain is bounded', async () => {
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
    [{ sub: 'system:serviceaccount:a:b', iss: CLUSTER, namespace: 'a' }, false],
  ])('§4.4: may_act %j is honoured: %s', async (may_act, isAllowed) => {
    const subject_token = await service.user({ may_act });
    if (isAllowed) expect((await service.exchange({ subject_token, ...(await withActor()) })).status).toBe(200);
    else await refusedWith('invalid_request', { subject_token, ...(await withActor()) });
    await refusedWith('invalid_request', { subject_token });
  });
  test('§4.4: a client may ask that the subject names its actor', async () => {
    await refusedWith('invalid_request', await withActor(), service.basic('careful'));
  });
});

describe('§2.1 a subject token that is taken once', () => {
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

test('§5: every exchange is one record, with who, for whom and why, and never a token', async () => {
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
    'token.jti': claimsIn(json).jti,
  });
  expect(service.records[1]).toMatchObject({
    outcome: 'refused',
    status: 400,
    detail: { oauth: 'target', client: 'desk' },
  });
  expect(JSON.stringify(service.records)).not.toMatch(/eyJ|payroll|a secret/);
});

describe('documents', () => {
  test('§7: tell where tokens and keys are, in names that are registered', async () => {
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
});

test('§6: tokens go over TLS only: the issuer and whoever has keys are at https', () => {
  const withTokens = (text: string) => problemsOf(`${SMALL}tokens: { ${text} }\n`).join('\n');
  const k8s = (issuer: string, jwksUri: string) =>
    withTokens(`actorIssuers: { k8s: { kind: oidc, issuer: ${issuer}, audiences: [a], jwksUri: ${jwksUri} } }`);
  expect(withTokens('issuer: https://agents.acme.com')).toBe('');
  expect(k8s('https://k8s.acme.com', 'https://k8s.acme.com/keys')).toBe('');
  expect(withTokens('issuer: http://agents.acme.com')).toContain('tokens.issuer: expected');
  expect(k8s('http://k8s.acme.com', 'https://k8s.acme.com/keys')).toContain('issuer: expected');
  expect(k8s('https://k8s.acme.com', 'http://k8s.acme.com/keys')).toContain('jwksUri: expected');
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
