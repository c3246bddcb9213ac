import { beforeAll, describe, expect, test } from '@jest/globals';
import { jwtPassthrough } from '../../../agent/identity/jwt-passthrough.ts';
import { readTrustedIssuers } from '../../../agent/identity/trusted-issuers.ts';
import { createKey, goodClaims, handClock, type IssuerKey, NOW, sign } from '../../lambda/identity/issuer.ts';
import { agentErrorOf, portsAt, unsigned } from '../agents.ts';

const ISSUER = 'https://idp.example/oauth2/default';
const PREFIX = 'X-Amzn-Bedrock-AgentCore-Runtime-Custom-';

let key: IssuerKey;
let other: IssuerKey;
beforeAll(async () => {
  [key, other] = await Promise.all([createKey('one'), createKey('two')]);
});

/** An issuer that publishes keys, and the list of what it was asked. */
const issuerWith = (keys: () => readonly IssuerKey[], document: object = {}) => {
  const asked: string[] = [];
  const state = { down: false };
  const { clock, forwardSeconds } = handClock();
  const { ports } = portsAt({
    clock,
    fetchJson: async (url) => {
      asked.push(url);
      if (state.down) throw new Error('down');
      if (url.endsWith('openid-configuration')) return { issuer: ISSUER, jwks_uri: `${ISSUER}/v1/keys`, ...document };
      return { keys: keys().map(({ jwk }) => jwk) };
    },
  });
  const reader = jwtPassthrough(ports, [{ issuer: ISSUER, audiences: ['api://default'], kind: 'okta' }]);
  const read = (token?: string, oboToken?: string) =>
    reader(
      new Headers({
        ...(token === undefined ? {} : { [`${PREFIX}User-Jwt`]: token }),
        ...(oboToken === undefined ? {} : { [`${PREFIX}Obo-Token`]: oboToken }),
      }),
    );
  return { read, asked, state, forwardSeconds };
};

const good = (more: Record<string, unknown> = {}) => sign(key, goodClaims(ISSUER, more));

describe("the caller's own token", () => {
  test('is verified from the discovery document, and is what models and tools are called with', async () => {
    const { read, asked } = issuerWith(() => [key]);
    const token = await good();
    const caller = await read(token);
    expect(caller.identity).toEqual({ sub: 'jane@acme.example', inbound: 'jwt-passthrough' });
    expect(caller.openToken()).toBe(token);
    await read(token);
    expect(asked).toEqual([`${ISSUER}/.well-known/openid-configuration`, `${ISSUER}/v1/keys`]);
  });

  test.each<[string, () => Promise<string> | string | undefined]>([
    ['that is not there', () => undefined],
    ['that is garbage', () => 'garbage'],
    ['that nobody signed', () => unsigned(goodClaims(ISSUER))],
    ['with a foreign signature', () => sign({ ...other, kid: 'one' }, goodClaims(ISSUER))],
    ['with a key that is not published', () => sign(other, goodClaims(ISSUER))],
    ['of another issuer', () => sign(key, goodClaims('https://evil.example'))],
    ['for another audience', () => good({ aud: 'api://other' })],
    ['that is over', () => good({ exp: NOW })],
    ['without an end', () => good({ exp: undefined })],
    ['that is not valid yet', () => good({ nbf: NOW + 3_600 })],
    ['that only the holder of a key may use', () => good({ cnf: { jkt: 'x' } })],
    ['about nobody', () => good({ sub: undefined })],
  ])('is refused: one %s', async (_what, make) => {
    const { read } = issuerWith(() => [key]);
    expect(await agentErrorOf(read(await make()))).toBe('identity_rejected');
  });

  test('is refused where its algorithm is none, or one of shared secrets', async () => {
    const { read } = issuerWith(() => [key]);
    const [, payload] = (await good()).split('.');
    for (const alg of ['none', 'HS256']) {
      const header = Buffer.from(JSON.stringify({ alg, kid: 'one' })).toString('base64url');
      expect(await agentErrorOf(read(`${header}.${payload}.c2ln`))).toBe('identity_rejected');
    }
  });

  test('cannot be checked while the issuer is down', async () => {
    const { read, state, forwardSeconds } = issuerWith(() => [key]);
    state.down = true;
    expect(await agentErrorOf(read(await good()))).toBe('identity_unavailable');
    state.down = false;
    forwardSeconds(31);
    expect((await read(await good())).identity.sub).toBe('jane@acme.example');
  });

  test.each([
    ['another issuer', { issuer: 'https://evil.example' }],
    ['keys on another origin', { jwks_uri: 'https://evil.example/keys' }],
    ['keys over plain http', { jwks_uri: 'http://idp.example/keys' }],
  ])('is not checked with a discovery document that names %s', async (_what, document) => {
    const { read } = issuerWith(() => [key], document);
    expect(await agentErrorOf(read(await good()))).toBe('identity_unavailable');
  });

  test('finds a new key at once, and made-up ones do not make it ask again and again', async () => {
    const keys = [key];
    const { read, asked, forwardSeconds } = issuerWith(() => keys);
    await read(await good());
    forwardSeconds(31);
    keys.push(other);
    expect((await read(await sign(other, goodClaims(ISSUER)))).identity.sub).toBe('jane@acme.example');
    const before = asked.length;
    for (let tries = 0; tries < 5; tries++)
      expect(await agentErrorOf(read(await sign({ ...key, kid: `no-${tries}` }, goodClaims(ISSUER))))).toBe(
        'identity_rejected',
      );
    expect(asked.length).toBe(before);
  });
});

describe('a token on behalf of the caller beside it', () => {
  const own = (more: Record<string, unknown>) =>
    unsigned({ iss: 'https://gateway.example', act: { sub: 'copilot' }, ...more });

  test.each([
    ['of the gateway', () => own({ sub: 'jane@acme.example', sub_id: { iss: ISSUER, sub: '00u1' } })],
    ['of the identity provider', () => unsigned({ iss: ISSUER, sub: 'jane@acme.example', act: { sub: 'copilot' } })],
  ])('%s is used, if it is about the same person', async (_whose, make) => {
    const { read } = issuerWith(() => [key]);
    const token = make();
    const caller = await read(await good(), token);
    expect([caller.identity.actor, caller.openToken()]).toEqual(['copilot', token]);
  });

  test.each([
    ['another person', () => own({ sub: 'jane@acme.example', sub_id: { iss: ISSUER, sub: '00u2' } })],
    ['a person of another issuer', () => own({ sub: 'jane@acme.example', sub_id: { iss: 'https://x', sub: '00u1' } })],
    ["the provider's other person", () => unsigned({ iss: ISSUER, sub: 'admin@acme.example' })],
    ['somebody in no issuer', () => unsigned({ sub: 'jane@acme.example' })],
    ['a person of the past', () => own({ sub: 'j', sub_id: { iss: ISSUER, sub: '00u1' }, exp: NOW - 1 })],
  ])('is refused, if it is about %s', async (_whom, make) => {
    const { read } = issuerWith(() => [key]);
    expect(await agentErrorOf(read(await good(), make()))).toBe('identity_rejected');
  });
});

describe('a token that the gateway made, with which another agent calls for somebody,', () => {
  const GATEWAY = 'https://gateway.example';
  const jane = { iss: ISSUER, sub: '00u1' };
  const made = (more: Record<string, unknown> = {}) =>
    sign(key, goodClaims(GATEWAY, { aud: [`${GATEWAY}/agents/copilot`, GATEWAY], sub_id: jane, ...more }));
  const beside = (sub_id: object) =>
    unsigned({ iss: GATEWAY, sub: 'jane@acme.example', sub_id, act: { sub: 'oncall' } });
  const reading = () => {
    const { ports } = portsAt({
      clock: handClock().clock,
      fetchJson: async (url) =>
        url.endsWith('openid-configuration') ? { issuer: GATEWAY, jwks_uri: `${GATEWAY}/jwks` } : { keys: [key.jwk] },
    });
    const read = jwtPassthrough(ports, [{ issuer: GATEWAY, audiences: [GATEWAY], kind: 'gatehouse' }]);
    return async (token: string, oboToken?: string) =>
      read(
        new Headers({
          [`${PREFIX}User-Jwt`]: token,
          ...(oboToken === undefined ? {} : { [`${PREFIX}Obo-Token`]: oboToken }),
        }),
      );
  };

  test('is taken, and so is the one on behalf of the same person', async () => {
    const read = reading();
    expect((await read(await made())).identity.sub).toBe('jane@acme.example');
    const token = beside(jane);
    expect((await read(await made(), token)).openToken()).toBe(token);
  });

  test('is refused where it is for a tool or for an agent alone', async () => {
    for (const aud of ['api://slack', [`${GATEWAY}/agents/copilot`]])
      expect(await agentErrorOf(reading()(await made({ aud })))).toBe('identity_rejected');
  });

  test.each([
    ['another person', jane, { iss: ISSUER, sub: '00u2' }],
    ['that name at another issuer', jane, { iss: 'https://x', sub: '00u1' }],
    ['nobody, as it is itself', {}, {}],
    ['somebody by a name of the token', jane, { iss: GATEWAY, sub: 'jane@acme.example' }],
  ])('is refused beside one on behalf of %s', async (_whom, own, other) => {
    expect(await agentErrorOf(reading()(await made({ sub_id: own }), beside(other)))).toBe('identity_rejected');
  });
});

test.each([
  '',
  '[]',
  '[{"issuer":"http://idp.example","audiences":["a"],"kind":"oidc"}]',
  '[{"issuer":"https://idp.example","audiences":[],"kind":"oidc"}]',
  '[{"issuer":"https://idp.example","audiences":["a"],"kind":"oidc","jwksUri":"file:///keys"}]',
  '[{"issuer":"http://127.evil.example","audiences":["a"],"kind":"oidc"}]',
])('trusted issuers %j are refused', (json) => {
  expect(() => readTrustedIssuers(json)).toThrow('TRUSTED_ISSUERS');
});
