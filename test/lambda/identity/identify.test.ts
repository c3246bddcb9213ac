import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { base64url, exportSPKI, importJWK } from 'jose';
import { fetchJson } from '../../../lambda/identity/fetch-json.ts';
import { createIdentify, type Identify } from '../../../lambda/identity/identify.ts';
import {
  createKey,
  goodClaims,
  handClock,
  type IssuerKey,
  json,
  NOW,
  provider,
  refusalOf,
  sign,
  startServer,
} from './issuer.ts';

let key: IssuerKey;
let ecKey: IssuerKey;
let server: Awaited<ReturnType<typeof startServer>>;
let time: ReturnType<typeof handClock>;
let identify: Identify;

beforeAll(async () => {
  [key, ecKey] = await Promise.all([createKey('k1'), createKey('e1', 'ES256')]);
  server = await startServer(json({ keys: [key.jwk, ecKey.jwk] }));
});
afterAll(() => server.close());
beforeEach(() => {
  time = handClock();
  identify = createIdentify({ providers: [provider(server.url)], apiKeys: [] }, { fetchJson, clock: time.clock });
});

const claims = (more: Record<string, unknown> = {}) => goodClaims(server.url, more);
const present = (token: string) => identify(`Bearer ${token}`);
const reasonFor = async (token: string) => (await refusalOf(present(token))).reason;
const encode = (value: unknown) => base64url.encode(JSON.stringify(value));

describe('a good token', () => {
  test('gives its principal, and the token itself, hidden', async () => {
    const token = await sign(key, claims());
    const { principal, token: kept } = await present(token);
    expect(principal).toMatchObject({ issuer: server.url, sub: 'jane@acme.example', clientId: '0oa1' });
    expect(kept?.open()).toBe(token);
    expect(JSON.stringify({ kept })).not.toContain(token);
  });

  test('may be signed by any algorithm that the provider lists', async () => {
    expect((await present(await sign(ecKey, claims()))).principal.sub).toBe('jane@acme.example');
  });

  test('may list our audience among others', async () => {
    const token = await sign(key, claims({ aud: ['https://other.example', 'api://default'] }));
    expect((await present(token)).principal.sub).toBe('jane@acme.example');
  });

  test.each(['Bearer', 'bearer', 'BEARER'])('may come with the scheme written %s', async (scheme) => {
    const token = await sign(key, claims());
    expect((await identify(`${scheme} ${token}`)).principal.sub).toBe('jane@acme.example');
  });

  test('is frozen as a principal, so that no call can change what the next one gets', async () => {
    const { principal } = await present(await sign(key, claims({ team: { name: 'a' } })));
    expect(Object.isFrozen(principal.scopes)).toBe(true);
    expect(Object.isFrozen(principal.claims.team)).toBe(true);
  });
});

describe('the authorization header', () => {
  test('is asked for when it is missing', async () => {
    expect(await refusalOf(identify(undefined))).toMatchObject({ code: 'token_missing' });
  });

  test.each([
    ['is empty', (_token: string) => ''],
    ['has no token', () => 'Bearer '],
    ['has another scheme', (token: string) => `Basic ${token}`],
    ['has two spaces', (token: string) => `Bearer  ${token}`],
    ['has a tab', (token: string) => `Bearer\t${token}`],
    ['ends in a space', (token: string) => `Bearer ${token} `],
    ['is two headers joined', (token: string) => `Bearer ${token}, Bearer ${token}`],
    ['is two tokens', (token: string) => `Bearer ${token} ${token}`],
    ['has a line break', (token: string) => `Bearer ${token}\n`],
    ['has a character beyond ASCII', (token: string) => `Bearer ${token}é`],
    ['has no scheme', (token: string) => token],
  ])('is refused when it %s', async (_what, header) => {
    const token = await sign(key, claims());
    expect(await refusalOf(identify(header(token)))).toMatchObject({ code: 'token_rejected', reason: 'malformed' });
  });

  test('is refused when the token is larger than 16 KB, even if well signed', async () => {
    expect(await reasonFor(await sign(key, claims({ padding: 'x'.repeat(20_000) })))).toBe('too-large');
  });
});

describe('a bad token', () => {
  test('without a signature (alg none) is refused, however none is written', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      const unsigned = `${encode({ alg, kid: 'k1', typ: 'JWT' })}.${encode(claims())}.`;
      expect(await reasonFor(unsigned)).toBe('algorithm');
    }
  });

  test('signed by HS256 with the public key as the secret is refused', async () => {
    const pem = await exportSPKI((await importJWK(key.jwk, 'RS256', { extractable: true })) as IssuerKey['privateKey']);
    for (const secret of [pem, pem.trim(), JSON.stringify(key.jwk)]) {
      const input = `${encode({ alg: 'HS256', kid: 'k1', typ: 'JWT' })}.${encode(claims())}`;
      const token = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
      expect(await reasonFor(token)).toBe('algorithm');
      const allowing = createIdentify(
        { providers: [provider(server.url, { algorithms: ['HS256', 'none', 'RS256'] })], apiKeys: [] },
        { fetchJson, clock: time.clock },
      );
      expect((await refusalOf(allowing(`Bearer ${token}`))).reason).toBe('algorithm');
    }
  });

  test('with an algorithm that the provider does not list is refused, though its key is published', async () => {
    const onlyEc = createIdentify(
      { providers: [provider(server.url, { algorithms: ['ES256'] })], apiKeys: [] },
      { fetchJson, clock: time.clock },
    );
    expect((await refusalOf(onlyEc(`Bearer ${await sign(key, claims())}`))).reason).toBe('algorithm');
    expect((await onlyEc(`Bearer ${await sign(ecKey, claims())}`)).principal.sub).toBe('jane@acme.example');
  });

  test('without a signature is refused even where the policy lists none', async () => {
    const allowing = createIdentify(
      { providers: [provider(server.url, { algorithms: ['none'] })], apiKeys: [] },
      { fetchJson, clock: time.clock },
    );
    const unsigned = `${encode({ alg: 'none', kid: 'k1' })}.${encode(claims())}.`;
    expect((await refusalOf(allowing(`Bearer ${unsigned}`))).reason).toBe('algorithm');
  });

  test('that names an algorithm of another kind than its key is refused', async () => {
    const header = { alg: 'ES256', kid: 'k1' };
    const [, payload, signature] = (await sign(key, claims())).split('.');
    expect(await reasonFor(`${encode(header)}.${payload}.${signature}`)).toBe('algorithm');
  });

  test.each([
    ['no kid', { kid: undefined }, 'kid'],
    ['an unknown kid', { kid: 'k2' }, 'kid'],
    ['the kid of another key', { kid: 'e1' }, 'algorithm'],
    ['extensions we do not know', { crit: ['b64'], b64: true }, 'malformed'],
  ])('with %s is refused', async (_what, header, reason) => {
    expect(await reasonFor(await sign(key, claims(), header as { kid: string }))).toBe(reason);
  });

  test('that brings its own key is checked with ours', async () => {
    const stranger = await createKey('k1');
    expect(await reasonFor(await sign(stranger, claims(), { jwk: stranger.jwk }))).toBe('signature');
  });

  test.each([
    ['from an unknown issuer', { iss: 'https://evil.example' }, 'issuer'],
    ['without an issuer', { iss: undefined }, 'issuer'],
    ['whose issuer is a list', { iss: ['x'] }, 'issuer'],
    ['for another audience', { aud: 'api://other' }, 'audience'],
    ['for an audience that only begins like ours', { aud: 'api://default/x' }, 'audience'],
    ['without an audience', { aud: undefined }, 'audience'],
    ['with an empty list of audiences', { aud: [] }, 'audience'],
    ['that has expired', { exp: NOW - 31 }, 'expired'],
    ['that expires at the end of the allowed skew', { exp: NOW - 30 }, 'expired'],
    ['that is not valid yet', { nbf: NOW + 31 }, 'not-yet-valid'],
    ['issued in the future', { iat: NOW + 31 }, 'not-yet-valid'],
    ['without an expiry', { exp: undefined }, 'no-expiry'],
    ['whose expiry is text', { exp: String(NOW + 3600) }, 'no-expiry'],
    ['whose expiry is 1e20', { exp: 1e20 }, 'no-expiry'],
    ['whose expiry is in milliseconds', { exp: NOW * 1000 }, 'no-expiry'],
    ['whose expiry is null', { exp: null }, 'no-expiry'],
    ['whose expiry is negative', { exp: -1 }, 'no-expiry'],
    ['whose nbf is text', { nbf: 'soon' }, 'malformed'],
    ['whose iat is text', { iat: 'now' }, 'malformed'],
    ['without a subject', { sub: undefined }, 'no-subject'],
    ['with an empty subject', { sub: '' }, 'no-subject'],
    ['that only the holder of a key may use', { cnf: { jkt: 'thumbprint' } }, 'sender-constrained'],
    ['with a subject of 10 KB', { sub: 's'.repeat(10_000) }, 'too-large'],
    ['with a stable subject of 10 KB', { uid: 's'.repeat(10_000) }, 'too-large'],
    ['that has an actor we can not read', { act: 'agent' }, 'malformed'],
    ['that has an actor without a subject', { act: {} }, 'malformed'],
    ['that has no actor but says null', { act: null }, 'malformed'],
  ])('%s is refused', async (_what, more, reason) => {
    expect(await reasonFor(await sign(key, claims(more)))).toBe(reason);
  });

  test('whose issuer ends in a slash that ours has not is refused', async () => {
    expect(await reasonFor(await sign(key, claims({ iss: `${server.url}/` })))).toBe('issuer');
  });

  test.each([
    ['expired within the skew', { exp: NOW - 29 }],
    ['valid from within the skew', { nbf: NOW + 29, iat: NOW + 29 }],
  ])('that is %s is accepted', async (_what, more) => {
    expect((await present(await sign(key, claims(more)))).principal.sub).toBe('jane@acme.example');
  });

  test('gains no more than a minute of skew, whatever is configured', async () => {
    const lax = createIdentify(
      { providers: [provider(server.url, { clockSkewSeconds: 3600 })], apiKeys: [] },
      { fetchJson, clock: time.clock },
    );
    expect((await refusalOf(lax(`Bearer ${await sign(key, claims({ exp: NOW - 60 }))}`))).reason).toBe('expired');
  });

  test('with changed claims is refused', async () => {
    const [header, , signature] = (await sign(key, claims())).split('.');
    expect(await reasonFor(`${header}.${encode(claims({ sub: 'admin@acme.example' }))}.${signature}`)).toBe(
      'signature',
    );
  });

  test.each([
    ['padded', (part: string) => `${part}==`],
    ['plain base64', (part: string) => `${part}+/`],
    ['cut by one character', (part: string) => part.slice(0, -1)],
    ['empty', () => ''],
  ])('whose signature is %s is refused', async (_what, change) => {
    const [header, payload, signature = ''] = (await sign(ecKey, claims())).split('.');
    const refusal = await refusalOf(present(`${header}.${payload}.${change(signature)}`));
    expect(refusal).toMatchObject({ code: 'token_rejected' });
  });

  test('whose signature is spelt in a way that verifiers forgive is refused', async () => {
    const [header, payload, signature = ''] = (await sign(ecKey, claims())).split('.');
    const respelt = signature.slice(0, -1) + nextInGroup(signature.at(-1) ?? '');
    expect(Buffer.from(respelt, 'base64url')).toEqual(Buffer.from(signature, 'base64url'));
    expect(await reasonFor(`${header}.${payload}.${respelt}`)).toBe('malformed');
  });

  test('whose signature has the wrong length is refused, not a crash', async () => {
    const [header, payload] = (await sign(ecKey, claims())).split('.');
    for (const bytes of [1, 63, 65, 300]) {
      expect(await reasonFor(`${header}.${payload}.${base64url.encode(new Uint8Array(bytes))}`)).toBe('signature');
    }
  });

  test.each([
    ['three words', 'a.b.c'],
    ['dots', '..'],
    ['a header that is a list', `${encode([])}.${encode({})}.AAAA`],
    ['a payload that is text', `${encode({ alg: 'RS256' })}.${encode('x')}.AAAA`],
    ['text that is not UTF-8', `${Buffer.from('{"alg":"\xff"}', 'latin1').toString('base64url')}.${encode({})}.AAAA`],
    ['a header in a spelling that is not canonical', `${encode({ a: 1 }).slice(0, -1)}R.${encode({})}.AAAA`],
    ['a payload in a spelling that is not canonical', `${encode({})}.${encode({ a: 1 }).slice(0, -1)}R.AAAA`],
  ])('made of %s is refused', async (_what, token) => {
    expect(await reasonFor(token)).toBe('malformed');
  });

  test('of any garbage is refused, and never a crash', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (garbage) => {
        expect(['token_rejected']).toContain((await refusalOf(identify(garbage))).code);
        expect(['token_rejected']).toContain((await refusalOf(identify(`Bearer ${garbage}`))).code);
      }),
    );
  });

  test('leaves nothing of itself in the refusal', async () => {
    const token = await sign(key, claims({ aud: 'api://canary-audience', sub: 'canary-subject' }));
    const thrown = await present(token).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: 'token_rejected', detail: { reason: 'audience', provider: 'workforce' } });
    const printed = JSON.stringify(thrown) + String((thrown as Error).stack) + String((thrown as Error).cause);
    expect(printed).not.toMatch(/canary/);
    expect(printed).not.toContain(token.slice(0, 20));
  });
});

// The last character of a 64-byte signature carries four bits that nobody reads.
const nextInGroup = (character: string): string => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet[alphabet.indexOf(character) ^ 1] ?? '';
};

describe('remembered tokens', () => {
  test('are not verified again for a minute', async () => {
    const token = await sign(key, claims());
    const first = await present(token);
    time.forwardSeconds(59);
    expect((await present(token)).principal).toBe(first.principal);
    time.forwardSeconds(1);
    expect((await present(token)).principal).not.toBe(first.principal);
  });

  test('are refused from the moment at which they expire', async () => {
    const token = await sign(key, claims({ exp: NOW + 10 }));
    await present(token);
    time.forwardSeconds(39);
    expect((await present(token)).principal.sub).toBe('jane@acme.example');
    time.forwardSeconds(1);
    expect(await reasonFor(token)).toBe('expired');
  });

  test('do not mix when they share all but the end', async () => {
    const one = await sign(key, claims());
    const other = `${one.slice(0, -10)}AAAAAAAAAA`;
    await present(one);
    expect((await refusalOf(present(other))).code).toBe('token_rejected');
  });

  test('do not mix when they share a long beginning, header, kid and sub', async () => {
    const shared = { sub: 'same', padding: 'x'.repeat(500) };
    const [one, other] = await Promise.all([
      sign(key, claims({ ...shared, uid: '00uA', scp: ['a'] })),
      sign(key, claims({ ...shared, uid: '00uB', scp: ['b'] })),
    ]);
    const seen = [await present(one), await present(other), await present(one), await present(other)];
    expect(seen.map(({ principal }) => principal.scopes[0])).toEqual(['a', 'b', 'a', 'b']);
    expect(seen[0]?.principal.id).not.toBe(seen[1]?.principal.id);
  });

  test('do not mix over 200 interleaved callers', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `user-${index}`);
    const tokens = await Promise.all(names.map((name) => sign(ecKey, claims({ uid: name, sub: name }))));
    const rounds = await Promise.all([...tokens, ...tokens].map(present));
    expect(rounds.map(({ principal }) => principal.sub)).toEqual([...names, ...names]);
  });

  test('are never refusals: what was refused is looked at again', async () => {
    const token = await sign(key, claims({ nbf: NOW + 40 }));
    expect(await reasonFor(token)).toBe('not-yet-valid');
    time.forwardSeconds(20);
    expect((await present(token)).principal.sub).toBe('jane@acme.example');
  });
});

describe('several issuers', () => {
  test('with one subject are two people', async () => {
    const otherKey = await createKey('k1');
    const otherServer = await startServer(json({ keys: [otherKey.jwk] }));
    const both = createIdentify(
      { providers: [provider(server.url), provider(otherServer.url, { name: 'partners' })], apiKeys: [] },
      { fetchJson, clock: time.clock },
    );
    const [here, there, forged] = await Promise.all([
      sign(key, claims()),
      sign(otherKey, goodClaims(otherServer.url)),
      sign(otherKey, claims()),
    ]);
    const [a, b] = [await both(`Bearer ${here}`), await both(`Bearer ${there}`)];
    expect(a.principal.sub).toBe(b.principal.sub);
    expect(a.principal.id).not.toBe(b.principal.id);
    expect((await refusalOf(both(`Bearer ${forged}`))).reason).toBe('signature');
    await otherServer.close();
  });

  test('can not share an issuer', () => {
    expect(() =>
      createIdentify(
        { providers: [provider('https://a.example'), provider('https://a.example')], apiKeys: [] },
        { fetchJson, clock: time.clock },
      ),
    ).toThrow('two identity providers have one issuer');
  });
});
