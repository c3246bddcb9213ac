import { createSign, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:net';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair } from 'jose';
import type { CompiledIdentityProvider } from '../../../config/compiled.ts';
import { fetchJson } from '../../../lambda/identity/fetch-json.ts';
import { createIdentify, type Identify } from '../../../lambda/identity/identify.ts';
import {
  type Answer,
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
  text,
} from './issuer.ts';

let key: IssuerKey;
let newKey: IssuerKey;
let server: Awaited<ReturnType<typeof startServer>>;
let time: ReturnType<typeof handClock>;
let identify: Identify;

const identifyWith = (more: Partial<CompiledIdentityProvider> = {}, clock = time.clock): Identify =>
  createIdentify({ providers: [provider(server.url, more)], apiKeys: [] }, { fetchJson, clock });

// Each token is new, so that the token cache answers for none of them.
let serial = 0;
const tokenOf = async (by: IssuerKey, more: Record<string, unknown> = {}): Promise<string> => {
  serial += 1;
  return `Bearer ${await sign(by, goodClaims(server.url, { jti: String(serial), exp: NOW + 500_000, ...more }))}`;
};
const accepted = async (by: IssuerKey) => (await identify(await tokenOf(by))).principal.sub === 'jane@acme.example';
const refused = async (by: IssuerKey) => refusalOf(identify(await tokenOf(by)));

beforeAll(async () => {
  [key, newKey] = await Promise.all([createKey('k1'), createKey('k2')]);
});
beforeEach(async () => {
  server = await startServer(json({ keys: [key.jwk] }));
  time = handClock();
  identify = identifyWith();
});
afterEach(() => server.close());

const down = json({ error: 'down' }, 503);

describe('fetching keys', () => {
  test('happens once for 50 concurrent callers', async () => {
    const tokens = await Promise.all(Array.from({ length: 50 }, () => tokenOf(key)));
    const answers = await Promise.all(tokens.map((token) => identify(token)));
    expect(answers).toHaveLength(50);
    expect(server.asked).toEqual(['/v1/keys']);
  });

  test('happens again when the keys are older than ten minutes', async () => {
    await accepted(key);
    time.forwardSeconds(600);
    await accepted(key);
    expect(server.asked).toHaveLength(1);
    time.forwardSeconds(1);
    await accepted(key);
    expect(server.asked).toHaveLength(2);
  });

  test('does not happen for a token that can not be good', async () => {
    await refusalOf(identify(await tokenOf(key, { exp: NOW - 100 })));
    await refusalOf(identify(await tokenOf(key, { iss: 'https://evil.example' })));
    expect(server.asked).toEqual([]);
  });
});

describe('rotation', () => {
  test('lets a new key in at once, by one fetch, and the old one stays good while it is published', async () => {
    expect(await accepted(key)).toBe(true);
    server.answerWith(json({ keys: [key.jwk, newKey.jwk] }));
    const tokens = await Promise.all(Array.from({ length: 50 }, () => tokenOf(newKey)));
    await Promise.all(tokens.map((token) => identify(token)));
    expect(await accepted(key)).toBe(true);
    expect(server.asked).toHaveLength(2);
  });

  test('puts a removed key out at the next fetch', async () => {
    expect(await accepted(key)).toBe(true);
    server.answerWith(json({ keys: [newKey.jwk] }));
    expect(await accepted(newKey)).toBe(true);
    expect(await refused(key)).toMatchObject({ code: 'token_rejected', reason: 'kid' });
  });

  test('works when a key is replaced under the same kid', async () => {
    const replacement = await createKey('k1');
    expect(await accepted(key)).toBe(true);
    server.answerWith(json({ keys: [replacement.jwk] }));
    time.forwardSeconds(601);
    expect(await accepted(replacement)).toBe(true);
    expect(await refused(key)).toMatchObject({ reason: 'signature' });
  });

  test('is found within the cool-down that a made-up kid began', async () => {
    await refused({ ...key, kid: 'made-up' });
    server.answerWith(json({ keys: [key.jwk, newKey.jwk] }));
    expect(await refused(newKey)).toMatchObject({ reason: 'kid' });
    time.forwardSeconds(30);
    expect(await accepted(newKey)).toBe(true);
  });
});

describe('a flood of made-up kids', () => {
  test.each(['cold', 'warm'])('costs one fetch a cool-down, %s', async (start) => {
    if (start === 'warm') await accepted(key);
    const before = start === 'warm' ? 1 : 0;
    const flood = async () => {
      const tokens = await Promise.all(
        Array.from({ length: 100 }, (_, at) => tokenOf({ ...key, kid: `made-up-${at}` })),
      );
      const refusals = [
        ...(await Promise.all(tokens.slice(0, 50).map((token) => refusalOf(identify(token))))),
        ...(await Promise.all(tokens.slice(50).map((token) => refusalOf(identify(token))))),
      ];
      expect(refusals.every(({ reason }) => reason === 'kid')).toBe(true);
    };
    await flood();
    time.forwardSeconds(29);
    await flood();
    expect(server.asked).toHaveLength(before + 1);
    time.forwardSeconds(1);
    await flood();
    expect(server.asked).toHaveLength(before + 2);
    expect(await accepted(key)).toBe(true);
  });

  test('while the issuer is down is answered as unavailable, by one fetch a cool-down', async () => {
    await accepted(key);
    server.answerWith(down);
    for (let second = 0; second < 30; second += 1) {
      expect(await refused(newKey)).toMatchObject({ code: 'identity_unavailable', retryAfterSeconds: 30 - second });
      time.forwardSeconds(1);
    }
    expect(server.asked).toHaveLength(2);
  });
});

describe('an issuer that is down', () => {
  test('with nothing cached makes callers wait for a while, not fail as unauthorised, and recovers', async () => {
    server.answerWith(down);
    expect(await refused(key)).toMatchObject({ code: 'identity_unavailable', retryAfterSeconds: 5 });
    expect(await refused(key)).toMatchObject({ code: 'identity_unavailable' });
    expect(server.asked).toHaveLength(1);
    server.answerWith(json({ keys: [key.jwk] }));
    time.forwardSeconds(5);
    expect(await accepted(key)).toBe(true);
    expect(await refused(newKey)).toMatchObject({ code: 'token_rejected', reason: 'kid' });
  });

  test('leaves its last keys good for a day, and no longer', async () => {
    await accepted(key);
    server.answerWith(down);
    time.forwardSeconds(24 * 3600);
    expect(await accepted(key)).toBe(true);
    expect(await accepted(key)).toBe(true);
    expect(server.asked).toHaveLength(2);
    time.forwardSeconds(1);
    expect(await refused(key)).toMatchObject({ code: 'identity_unavailable' });
  });

  test('that can not be connected to is unavailable', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as { port: number };
    await new Promise((resolve) => closed.close(resolve));
    identify = identifyWith({ jwksUri: `http://127.0.0.1:${port}/keys` });
    expect(await refused(key)).toMatchObject({ code: 'identity_unavailable' });
  });

  test.each<[string, Answer]>([
    ['never answers', () => undefined],
    [
      'answers a byte at a time',
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const drip = setInterval(() => response.write(' '), 50);
        response.on('close', () => clearInterval(drip));
      },
    ],
  ])('and %s is given up within 1.5 seconds', async (_what, answer) => {
    server.answerWith(answer);
    const token = await tokenOf(key);
    const start = performance.now();
    expect(await refusalOf(identify(token))).toMatchObject({ code: 'identity_unavailable' });
    expect(performance.now() - start).toBeLessThan(1_500);
  });
});

describe('a key set that is not right', () => {
  const secret = { kty: 'oct', kid: 'k3', k: 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T' };
  const faults: readonly (readonly [string, () => Promise<Answer>])[] = [
    ['is HTML', async () => text('<html>Sign in</html>', 'text/html')],
    ['is JSON that says it is HTML', async () => text(JSON.stringify({ keys: [newKey.jwk] }), 'text/html')],
    ['is HTML that says it is JSON', async () => text('<html>Sign in</html>', 'application/json')],
    ['is empty', async () => text('', 'application/json')],
    [
      'is not UTF-8',
      async () =>
        text(Buffer.from(JSON.stringify({ keys: [{ ...newKey.jwk, note: '\xff' }] }), 'latin1'), 'application/json'),
    ],
    ['is null', async () => json(null)],
    ['has no keys', async () => json({ keys: [] })],
    ['has keys that are no list', async () => json({ keys: newKey.jwk })],
    ['has a key that is text', async () => json({ keys: ['k2'] })],
    ['has two keys with one kid', async () => json({ keys: [newKey.jwk, { ...(await createKey('k2')).jwk }] })],
    ['has a symmetric key', async () => json({ keys: [newKey.jwk, secret] })],
    ['has a symmetric key without its value', async () => json({ keys: [newKey.jwk, { kty: 'oct', kid: 'k3' }] })],
    [
      'has more than 100 keys',
      async () =>
        json({ keys: [newKey.jwk, ...Array.from({ length: 100 }, (_, at) => ({ ...newKey.jwk, kid: `x${at}` }))] }),
    ],
    ['has a private key', async () => json({ keys: [await privateJwk('k2')] })],
    ['has a broken key', async () => json({ keys: [{ kty: 'EC', crv: 'P-256', kid: 'k2', x: 'AA', y: 'AA' }] })],
    ['has keys for encryption only', async () => json({ keys: [{ ...newKey.jwk, use: 'enc' }] })],
    [
      'has keys for SVIDs only, and is no trust domain’s',
      async () => json({ keys: [{ ...newKey.jwk, use: 'jwt-svid' }] }),
    ],
    ['has keys for other operations only', async () => json({ keys: [{ ...newKey.jwk, key_ops: ['encrypt'] }] })],
    ['has weak keys only', async () => json({ keys: [await weakJwk('k2')] })],
    ['is larger than 512 KB', async () => json({ keys: [newKey.jwk], padding: 'x'.repeat(600_000) })],
    ['is 10 MB without a length', async () => endless(10_000_000)],
    ['comes with status 500', async () => json({ keys: [newKey.jwk] }, 500)],
    ['comes with status 204', async () => json({ keys: [newKey.jwk] }, 204)],
  ];

  test.each(faults)('because it %s is not believed, and the last good one is kept', async (_what, answer) => {
    expect(await accepted(key)).toBe(true);
    server.answerWith(await answer());
    time.forwardSeconds(601);
    expect(await accepted(key)).toBe(true);
    expect(await refused(newKey)).toMatchObject({ code: 'identity_unavailable' });
  });

  test.each(faults)('because it %s is unavailability when there is nothing else', async (_what, answer) => {
    server.answerWith(await answer());
    expect(await refused(newKey)).toMatchObject({ code: 'identity_unavailable' });
  });

  test('may have an encryption key beside the others, as Keycloak does, and kinds of key we do not know', async () => {
    const others = [
      { ...(await createKey('enc')).jwk, use: 'enc', alg: 'RSA-OAEP' },
      { kty: 'AKP', kid: 'pq', alg: 'ML-DSA-44', pub: 'AA' },
    ];
    server.answerWith(json({ keys: [...others, key.jwk] }));
    expect(await accepted(key)).toBe(true);
  });

  test('may leave out alg and use, as Entra does', async () => {
    const { alg: _alg, use: _use, ...bare } = key.jwk;
    server.answerWith(json({ keys: [bare] }));
    expect(await accepted(key)).toBe(true);
  });

  test('without alg does not let an RSA key check what says it is ES256', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    server.answerWith(json({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1' }] }));
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const input = `${encode({ alg: 'ES256', kid: 'k1' })}.${encode(goodClaims(server.url))}`;
    const signature = createSign('RSA-SHA256').update(input).sign(privateKey, 'base64url');
    expect(await refusalOf(identify(`Bearer ${input}.${signature}`))).toMatchObject({ reason: 'algorithm' });
  });

  test('may be called a JWK set by its content type', async () => {
    server.answerWith(text(JSON.stringify({ keys: [key.jwk] }), 'application/jwk-set+json; charset=utf-8'));
    expect(await accepted(key)).toBe(true);
  });
});

const privateJwk = async (kid: string) => {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, use: 'sig' };
};

const weakJwk = async (kid: string) => {
  const { publicKey } = await crypto.subtle.generateKey(
    { name: 'RSASSA-PKCS1-v1_5', modulusLength: 1024, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' },
    true,
    ['sign', 'verify'],
  );
  return { ...(await exportJWK(publicKey)), key_ops: ['verify'], kid };
};

const endless =
  (bytes: number): Answer =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    for (let sent = 0; sent < bytes; sent += 100_000) response.write(' '.repeat(100_000));
    response.end(JSON.stringify({ keys: [newKey.jwk] }));
  };

describe('where keys are', () => {
  const redirect =
    (to: string): Answer =>
    (_request, response) => {
      response.writeHead(302, { location: to }).end();
    };

  test('is not changed by a redirect', async () => {
    const other = await startServer(json({ keys: [key.jwk] }));
    server.answerWith(redirect(`${other.url}/v1/keys`));
    expect(await refused(key)).toMatchObject({ code: 'identity_unavailable' });
    expect(other.asked).toEqual([]);
    await other.close();
  });

  const discovery =
    (document: Record<string, unknown>): Answer =>
    (request, response) =>
      json(request.url === '/.well-known/openid-configuration' ? document : { keys: [key.jwk] })(request, response);

  test('is discovered once for a generic provider', async () => {
    server.answerWith(discovery({ issuer: server.url, jwks_uri: `${server.url}/oauth/keys` }));
    identify = identifyWith({ kind: 'oidc' });
    expect(await accepted(key)).toBe(true);
    time.forwardSeconds(601);
    expect(await accepted(key)).toBe(true);
    expect(server.asked).toEqual(['/.well-known/openid-configuration', '/oauth/keys', '/oauth/keys']);
  });

  test('is discovered anew when the keys are no longer there', async () => {
    server.answerWith(discovery({ issuer: server.url, jwks_uri: `${server.url}/old` }));
    identify = identifyWith({ kind: 'oidc' });
    await accepted(key);
    server.answerWith(down);
    time.forwardSeconds(601);
    await accepted(key);
    server.answerWith(discovery({ issuer: server.url, jwks_uri: `${server.url}/new` }));
    time.forwardSeconds(30);
    await accepted(key);
    expect(server.asked.at(-1)).toBe('/new');
  });

  test.each([
    ['another host', () => 'http://169.254.169.254/latest/meta-data'],
    ['another port', () => 'http://127.0.0.1:1/keys'],
    ['another scheme', () => server.url.replace('http:', 'https:')],
    ['a file', () => 'file:///etc/passwd'],
    ['nothing', () => undefined],
    ['a path only', () => '/keys'],
  ])('is not believed when discovery names %s', async (_what, url) => {
    server.answerWith(discovery({ issuer: server.url, jwks_uri: url() }));
    identify = identifyWith({ kind: 'oidc' });
    expect(await refused(key)).toMatchObject({ code: 'identity_unavailable' });
    expect(server.asked).toEqual(['/.well-known/openid-configuration']);
  });

  test('is not believed when discovery names another origin, though our keys are there', async () => {
    const other = await startServer(json({ keys: [key.jwk] }));
    server.answerWith(discovery({ issuer: server.url, jwks_uri: `${other.url}/keys` }));
    identify = identifyWith({ kind: 'oidc' });
    expect(await refused(key)).toMatchObject({ code: 'identity_unavailable' });
    expect(other.asked).toEqual([]);
    await other.close();
  });

  test('is not believed when the document is of another issuer', async () => {
    server.answerWith(discovery({ issuer: 'https://other.example', jwks_uri: `${server.url}/keys` }));
    identify = identifyWith({ kind: 'oidc' });
    expect(await refused(key)).toMatchObject({ code: 'identity_unavailable' });
  });

  test('is the configured address, if there is one', async () => {
    identify = identifyWith({ kind: 'oidc', jwksUri: `${server.url}/mine` });
    expect(await accepted(key)).toBe(true);
    expect(server.asked).toEqual(['/mine']);
  });

  test.each([
    'http://keys.example/jwks',
    'ftp://keys.example/jwks',
    'https://user:pass@keys.example/jwks',
    'http://127.0.0.1.evil.example/',
  ])('can not be %s', (jwksUri) => {
    expect(() => identifyWith({ jwksUri })).toThrow('must be served over https');
  });
});
