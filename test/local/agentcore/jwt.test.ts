import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { CustomClaim, CustomJwtAuthorizer } from '../../../local/agentcore/runtime.ts';
import { createKey, type IssuerKey, json, NOW, sign, startServer } from '../../lambda/identity/issuer.ts';
import { ARN, agentCoreWith, ENDPOINT, outcomeOf, signedCall, unsignedCall } from './stand-in.ts';

let key: IssuerKey;
let foreign: IssuerKey;
beforeAll(async () => {
  [key, foreign] = await Promise.all([createKey('one'), createKey('one')]);
});

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const runtimeOf = async (more: Partial<CustomJwtAuthorizer> = {}, headers = ['Authorization'], named?: string) => {
  const server = await startServer((request, response) =>
    json(
      request.url?.endsWith('openid-configuration')
        ? { issuer: named ?? server.url, jwks_uri: `${server.url}/keys` }
        : { keys: [key.jwk] },
    )(request, response),
  );
  open.push(server);
  const core = agentCoreWith({
    AuthorizerConfiguration: {
      CustomJWTAuthorizer: { DiscoveryUrl: `${server.url}/.well-known/openid-configuration`, ...more },
    },
    RequestHeaderConfiguration: { RequestHeaderAllowlist: headers },
  });
  const claims = { iss: server.url, sub: 'jane', aud: 'agents', iat: NOW, exp: NOW + 300 };
  const callWith = async (changes: Record<string, unknown> = {}, by = key) =>
    core.call(unsignedCall({ headers: { authorization: `Bearer ${await sign(by, { ...claims, ...changes })}` } }));
  return { ...core, callWith };
};

describe('a runtime that takes JWTs', () => {
  test('takes one that its discovery document vouches for, and lets the agent read it if that is listed', async () => {
    const { callWith, seen } = await runtimeOf({ AllowedAudience: ['other', 'agents'] });
    expect((await callWith()).status).toBe(200);
    expect(seen[0]?.headers.authorization).toMatch(/^Bearer /);
    const unlisted = await runtimeOf({}, []);
    expect((await unlisted.callWith()).status).toBe(200);
    expect(unlisted.seen[0]?.headers).not.toHaveProperty('authorization');
  });

  test.each<[string, Record<string, unknown>]>([
    ['of another issuer', { iss: 'https://evil.example' }],
    ['for another audience', { aud: ['other'] }],
    ['for no audience', { aud: undefined }],
    ['that is over', { exp: NOW - 1 }],
    ['without an end', { exp: undefined }],
  ])('refuses one %s', async (_what, changes) => {
    const { callWith, seen } = await runtimeOf({ AllowedAudience: ['agents'] });
    expect((await outcomeOf(await callWith(changes))).slice(0, 2)).toEqual([401, 'UnauthorizedException']);
    expect(seen).toEqual([]);
  });

  test('refuses a foreign signature, and a document that names another issuer', async () => {
    const { callWith } = await runtimeOf();
    expect((await callWith({}, foreign)).status).toBe(401);
    const other = await runtimeOf({}, [], 'https://other.example');
    expect((await other.callWith()).status).toBe(401);
    expect((await other.callWith({ iss: 'https://other.example' })).status).toBe(200);
  });

  test.each(['', 'Basic amFuZTp4', 'Bearer', 'Bearer garbage'])('refuses %j', async (authorization) => {
    const { call } = await runtimeOf();
    expect((await call(unsignedCall({ headers: { authorization } }))).status).toBe(401);
  });

  test('says to whoever sends no token where one is had, and tells it to anybody', async () => {
    const { call } = await runtimeOf();
    const response = await call(unsignedCall({ qualifier: 'DEFAULT' }));
    const url = `${ENDPOINT}/runtimes/${encodeURIComponent(ARN)}/invocations/.well-known/oauth-protected-resource?qualifier=DEFAULT`;
    expect(response.headers.get('www-authenticate')).toBe(`Bearer resource_metadata="${url}"`);
    const metadata = await (await call(new Request(url))).json();
    expect(metadata).toEqual({
      resource: `${ENDPOINT}/runtimes/${encodeURIComponent(ARN)}/invocations`,
      authorization_servers: [expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/)],
    });
  });

  test('refuses signatures', async () => {
    const { call } = await runtimeOf();
    const [status, type, message] = await outcomeOf(await call(await signedCall()));
    expect([status, type]).toEqual([403, 'AccessDeniedException']);
    expect(message).toContain('Authorization method mismatch');
  });

  test('cannot be called while its issuer is down', async () => {
    const { callWith } = await runtimeOf();
    await open[0]?.close();
    expect((await callWith()).status).toBe(401);
  });
});

const rule = (
  type: 'STRING' | 'STRING_ARRAY',
  operator: 'EQUALS' | 'CONTAINS' | 'CONTAINS_ANY',
  value: string | string[],
): CustomClaim => ({
  InboundTokenClaimName: 'agent_id',
  InboundTokenClaimValueType: type,
  AuthorizingClaimMatchValue: {
    ClaimMatchOperator: operator,
    ClaimMatchValue: typeof value === 'string' ? { MatchValueString: value } : { MatchValueStringList: value },
  },
});

describe('an authorizer', () => {
  test.each<[string, Partial<CustomJwtAuthorizer>, Record<string, unknown>, number]>([
    ['a client', { AllowedClients: ['c'] }, { client_id: 'c' }, 200],
    ["Okta's client, which has another name", { AllowedClients: ['c'] }, { cid: 'c' }, 403],
    ['a scope in scope', { AllowedScopes: ['a'] }, { scope: 'b a' }, 200],
    ['a scope in scp', { AllowedScopes: ['a'] }, { scp: ['b', 'a'] }, 200],
    ['a scope that is not there', { AllowedScopes: ['a'] }, { scp: ['ab'] }, 403],
    ['all scopes', { AllowedScopes: ['a', 'b'] }, { scope: 'a' }, 403],
    ['a claim', { CustomClaims: [rule('STRING', 'EQUALS', 'copilot')] }, { agent_id: 'copilot' }, 200],
    ['another claim', { CustomClaims: [rule('STRING', 'EQUALS', 'copilot')] }, { agent_id: 'other' }, 403],
    ['a claim that is not there', { CustomClaims: [rule('STRING', 'EQUALS', 'copilot')] }, {}, 403],
    ['one of a list', { CustomClaims: [rule('STRING_ARRAY', 'CONTAINS', 'a')] }, { agent_id: ['b', 'a'] }, 200],
    ['one that is not in a list', { CustomClaims: [rule('STRING_ARRAY', 'CONTAINS', 'a')] }, { agent_id: ['b'] }, 403],
    ['a list that is a string', { CustomClaims: [rule('STRING_ARRAY', 'CONTAINS', 'a')] }, { agent_id: 'a' }, 403],
    ['any of a list', { CustomClaims: [rule('STRING_ARRAY', 'CONTAINS_ANY', ['x', 'a'])] }, { agent_id: ['a'] }, 200],
    ['none of a list', { CustomClaims: [rule('STRING_ARRAY', 'CONTAINS_ANY', ['x'])] }, { agent_id: ['a'] }, 403],
  ])('that asks for %s', async (_what, authorizer, claims, status) => {
    const { callWith } = await runtimeOf(authorizer);
    const response = await callWith(claims);
    expect(response.status).toBe(status);
    if (status === 403) expect(response.headers.get('www-authenticate')).toContain('insufficient_scope');
  });
});
