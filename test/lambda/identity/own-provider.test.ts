import { expect, test } from '@jest/globals';
import { byIssuer, ownIssuer } from '../../../lambda/http/by-issuer.ts';
import { createIdentify } from '../../../lambda/identity/identify.ts';
import { withOwnTokens } from '../../../lambda/identity/own-provider.ts';
import { principalId } from '../../../lambda/identity/principal-id.ts';
import { createIssueToken } from '../../../lambda/issuing/create-issue-token.ts';
import type { TokenRequest } from '../../../lambda/issuing/issue-token.ts';
import { memorySigningKeys } from '../../../local/memory/signing-keys.ts';
import { provider } from './issuer.ts';

const NOW = 1_800_000_000;
const ISSUER = 'https://agents.acme.com';
const OKTA = 'https://acme.okta.com';
const clock = () => NOW * 1_000;
const identity = { providers: [provider(OKTA)], apiKeys: [] };

const REQUEST: TokenRequest = {
  sub: 'ada@acme.com',
  subId: { iss: OKTA, sub: '00u1' },
  audience: [ISSUER, `${ISSUER}/agents/support`],
  scopes: ['a'],
  clientId: 'support',
  actor: { sub: 'support', iss: ISSUER },
  claims: {},
  lifetimeSeconds: 300,
  notAfter: NOW + 300,
};

const start = async () => {
  const keys = await memorySigningKeys();
  const asked: string[] = [];
  const fetchJson = async (url: string) => {
    asked.push(url);
    return { keys: await keys.published() };
  };
  const issue = createIssueToken({ issuer: ISSUER, keys, clock, newId: () => 'one' });
  const identify = createIdentify(withOwnTokens(identity, ISSUER), { fetchJson, clock });
  const call = async (request: Partial<TokenRequest> = {}) =>
    identify(`Bearer ${(await issue({ ...REQUEST, ...request })).token.open()}`);
  return { call, asked, issue, fetchJson };
};

test('the gateway knows the person behind its own token again, and takes its keys from itself', async () => {
  const { call, asked } = await start();
  const { principal } = await call();
  expect(principal).toMatchObject({
    id: principalId(OKTA, '00u1'),
    issuer: ISSUER,
    sub: 'ada@acme.com',
    scopes: ['a'],
    actor: { sub: 'support', issuer: ISSUER },
  });
  expect(asked).toEqual([`${ISSUER}/.well-known/jwks.json`]);
});

test('a token that the gateway made for somebody else is not for the gateway', async () => {
  const { call } = await start();
  await expect(call({ audience: [`${ISSUER}/agents/support`] })).rejects.toMatchObject({
    detail: { reason: 'audience' },
  });
});

test('where the policy makes no tokens none is taken', async () => {
  const { issue, fetchJson } = await start();
  const identify = createIdentify(withOwnTokens(identity, undefined), { fetchJson, clock });
  const { token } = await issue(REQUEST);
  await expect(identify(`Bearer ${token.open()}`)).rejects.toMatchObject({ detail: { reason: 'issuer' } });
});

test('an issuer that the policy has already is not taken over', () => {
  expect(withOwnTokens(identity, OKTA, OKTA)).toEqual(identity);
});

test('the issuer is what the policy says, else where the gateway is called, and an app is made once for each', () => {
  const tokens = { signingKey: 1, actorIssuers: [], clients: [] };
  const base = (url: string) => new URL(url).origin;
  expect(ownIssuer(undefined, base)('https://a.example/x')).toBeUndefined();
  expect(ownIssuer(tokens, base)('https://a.example/x')).toBe('https://a.example');
  expect(ownIssuer({ ...tokens, issuer: 'https://i.example' }, base)('https://a.example/x')).toBe('https://i.example');
  const made: string[] = [];
  const appAt = byIssuer(base, (issuer) => made.push(issuer));
  for (let i = 0; i < 20; i++) appAt(`https://${i % 8}.example/${i}`);
  expect(made).toHaveLength(8);
  appAt('https://another.example/');
  appAt('https://7.example/');
  expect(made).toHaveLength(9);
});
