import { beforeAll, describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint, createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { actFor, MAX_ACTORS, readActorChain } from '../../../lambda/issuing/actor-chain.ts';
import { createIssueToken } from '../../../lambda/issuing/create-issue-token.ts';
import type { TokenRequest } from '../../../lambda/issuing/issue-token.ts';
import { narrowScopes } from '../../../lambda/issuing/narrow-scopes.ts';
import type { SigningKeys } from '../../../lambda/issuing/signing-keys.ts';
import { memorySigningKeys } from '../../../local/memory/signing-keys.ts';

const NOW = 1_800_000_000;
const ISSUER = 'https://agents.acme.com';
const REQUEST: TokenRequest = {
  sub: 'ada@acme.com',
  subId: { iss: 'https://acme.okta.com', sub: '00u1' },
  audience: [ISSUER],
  scopes: ['tickets:read', 'kb:read'],
  clientId: 'support',
  actor: { sub: 'support', iss: ISSUER },
  claims: { team: 'blue' },
  lifetimeSeconds: 300,
  notAfter: NOW + 3_600,
};

let keys: SigningKeys;
beforeAll(async () => {
  keys = await memorySigningKeys();
});
const issue = (request: Partial<TokenRequest> = {}, signing = keys) =>
  createIssueToken({ issuer: ISSUER, keys: signing, clock: () => NOW * 1_000 + 999, newId: () => 'one' })({
    ...REQUEST,
    ...request,
  });

describe('a token of the gateway', () => {
  test('says who, for whom, by whom and until when, in the claims that the standards have for it', async () => {
    const { token, jti, expiresAt } = await issue();
    expect(decodeJwt(token.open())).toEqual({
      iss: ISSUER,
      sub: 'ada@acme.com',
      sub_id: { format: 'iss_sub', iss: 'https://acme.okta.com', sub: '00u1' },
      aud: [ISSUER],
      client_id: 'support',
      scope: 'tickets:read kb:read',
      scp: ['tickets:read', 'kb:read'],
      act: { sub: 'support', iss: ISSUER },
      agent_id: 'support',
      team: 'blue',
      iat: NOW,
      nbf: NOW,
      exp: NOW + 300,
      jti: 'one',
    });
    expect({ jti, expiresAt }).toEqual({ jti: 'one', expiresAt: NOW + 300 });
  });

  test('is signed by the first published key, whose kid is its RFC 7638 thumbprint', async () => {
    const published = await keys.published();
    const { token } = await issue();
    const [first] = published;
    expect(decodeProtectedHeader(token.open())).toEqual({ alg: 'RS256', typ: 'at+jwt', kid: first.kid });
    expect(first.kid).toBe(await calculateJwkThumbprint(first));
    const verify = { issuer: ISSUER, audience: ISSUER, typ: 'at+jwt', currentDate: new Date(NOW * 1_000) };
    await jwtVerify(token.open(), createLocalJWKSet({ keys: [...published] }), verify);
  });

  test('has no act and no agent_id without an actor', async () => {
    const { actor: _, ...alone } = REQUEST;
    const made = createIssueToken({ issuer: ISSUER, keys, clock: () => NOW * 1_000, newId: () => 'one' });
    const claims = decodeJwt((await made(alone)).token.open());
    expect(claims).not.toHaveProperty('act');
    expect(claims).not.toHaveProperty('agent_id');
  });

  test('has no scope that nobody gave: one with a space in it is not two', async () => {
    const { token } = await issue({ scopes: ['kb:read', 'kb:read admin', 'a\tb', 'a"b', ''] });
    expect(decodeJwt(token.open())).toMatchObject({ scope: 'kb:read', scp: ['kb:read'] });
  });

  test('without scopes has none in its list, and no text of scopes, which may not be empty', async () => {
    const claims = decodeJwt((await issue({ scopes: [] })).token.open());
    expect(claims).toMatchObject({ scp: [] });
    expect(claims).not.toHaveProperty('scope');
  });

  test('never outlives what it was made from', async () => {
    expect((await issue({ notAfter: NOW + 7.9 })).expiresAt).toBe(NOW + 7);
    for (const notAfter of [NOW, NOW - 1, Number.NaN])
      await expect(issue({ notAfter })).rejects.toMatchObject({
        code: 'token_rejected',
        detail: { reason: 'expired' },
      });
  });

  test.each([
    'iss',
    'sub',
    'sub_id',
    'aud',
    'exp',
    'nbf',
    'iat',
    'jti',
    'act',
    'may_act',
    'cnf',
    'scope',
    'scp',
    'client_id',
  ])('does not repeat %s from anybody else: that is a bug', async (name) => {
    await expect(issue({ claims: { [name]: 'x' } })).rejects.toThrow(name);
  });

  test('is not shown by accident', async () => {
    expect(JSON.stringify(await issue())).not.toContain('eyJ');
  });

  test('is not made when the keys are out of reach', async () => {
    const unreachable = { ...keys, sign: () => Promise.reject(new Refusal('signing_unavailable')) };
    await expect(issue({}, unreachable)).rejects.toMatchObject({ code: 'signing_unavailable' });
  });
});

describe('who acts for whom', () => {
  const chain = (length: number): unknown =>
    Array.from({ length }).reduce<unknown>(
      (act, _, i) => ({ sub: `a${i}`, email: 'x', ...(act === undefined ? {} : { act }) }),
      undefined,
    );

  test('nests, the one who acts now outermost, and only sub, iss and act are kept', () => {
    const before = readActorChain({ sub: 'a', iss: 'https://i', email: 'x', act: { sub: 'b' } });
    expect(before).toEqual({ sub: 'a', iss: 'https://i', act: { sub: 'b' } });
    expect(actFor({ sub: 'c' }, before)).toEqual({ sub: 'c', act: before });
  });

  test('is bounded, and never cut short', () => {
    expect(readActorChain(chain(MAX_ACTORS))).toBeDefined();
    expect(readActorChain(chain(MAX_ACTORS + 1))).toBeUndefined();
    expect(actFor({ sub: 'c' }, readActorChain(chain(MAX_ACTORS)))).toBeUndefined();
  });

  test.each([null, 'a', [], {}, { sub: '' }, { sub: 1 }, { sub: 'a', iss: 1 }, { sub: 'a', act: null }])(
    'a chain that cannot be read whole is none: %j',
    (act) => expect(readActorChain(act)).toBeUndefined(),
  );
});

describe('scopes', () => {
  test('are none where the subject has something else: it would be read as others', () => {
    expect(narrowScopes(undefined, ['a', 'b admin'], undefined)).toEqual({ isAllowed: true, scopes: ['a'] });
    expect(narrowScopes(['admin'], ['a', 'b admin'], undefined)).toEqual({ isAllowed: false });
  });

  test('are what the subject has and the client may have', () => {
    expect(narrowScopes(undefined, ['a', 'b'], ['b', 'c'])).toEqual({ isAllowed: true, scopes: ['b'] });
    expect(narrowScopes(undefined, ['a', 'b'], undefined)).toEqual({ isAllowed: true, scopes: ['a', 'b'] });
    expect(narrowScopes(['b'], ['a', 'b'], undefined)).toEqual({ isAllowed: true, scopes: ['b'] });
  });

  test.each([['c'], ['a'], ['b', 'x']])('one too many is refused, not left out: %j', (...asked) => {
    expect(narrowScopes(asked.flat(), ['a', 'b'], ['b', 'c'])).toEqual({ isAllowed: false });
  });
});
