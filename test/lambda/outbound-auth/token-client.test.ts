import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createLocalJWKSet, decodeProtectedHeader, type JWK, jwtVerify } from 'jose';
import { createOutboundAuth } from '../../../lambda/outbound-auth/create-outbound-auth.ts';
import { callOf, NOW, portsFor, startTokenEndpoint } from './token-endpoint.ts';

let endpoint: Awaited<ReturnType<typeof startTokenEndpoint>>;
beforeAll(async () => {
  endpoint = await startTokenEndpoint();
  endpoint.state.answer = async () => ({ body: { access_token: 'token', token_type: 'Bearer', expires_in: 60 } });
});
afterAll(() => endpoint.close());

/** What the endpoint is sent by a client whose credential says this. */
const askedBy = async (secret: string) => {
  const { ports, secrets } = portsFor(endpoint.url);
  secrets.set('service', secret);
  const credential = {
    type: 'client-credentials',
    tokenUrl: endpoint.url,
    scopes: ['a', 'b'],
    client: 'service',
  } as const;
  await createOutboundAuth(credential, ports).headers(callOf('jane'));
  const last = endpoint.asked.at(-1);
  if (last === undefined) throw new Error('nothing was asked');
  return last;
};

const KEYS: readonly (readonly [
  string,
  { readonly privateKey: { export(options: { format: 'jwk' }): JsonWebKey } },
  string,
])[] = [
  ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }), 'RS256'],
  ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'ES256'],
  ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'ES384'],
  ['Ed25519', generateKeyPairSync('ed25519'), 'EdDSA'],
];

test.each(KEYS)(
  'a client with a key of kind %s proves itself by private_key_jwt',
  async (_kind, { privateKey }, alg) => {
    const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'key-1', 'x5t#S256': 'thumb' };
    const { form, authorization } = await askedBy(JSON.stringify({ clientId: 'gatehouse', privateKey: jwk }));
    expect(authorization).toBeUndefined();
    const { client_assertion = '', ...params } = Object.fromEntries(form);
    expect(params).toEqual({
      grant_type: 'client_credentials',
      scope: 'a b',
      client_id: 'gatehouse',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
    const { kty, n, e, crv, x, y } = jwk;
    const keys = createLocalJWKSet({
      keys: [JSON.parse(JSON.stringify({ kty, n, e, crv, x, y, kid: 'key-1', alg })) as JWK],
    });
    const { payload } = await jwtVerify(client_assertion, keys, {
      currentDate: new Date(NOW * 1000),
      audience: endpoint.url,
    });
    expect(payload).toMatchObject({ iss: 'gatehouse', sub: 'gatehouse', jti: 'id-1', iat: NOW, exp: NOW + 60 });
    expect(decodeProtectedHeader(client_assertion)).toEqual({ alg, typ: 'JWT', kid: 'key-1', 'x5t#S256': 'thumb' });
  },
);

test('an RSA key may ask for a longer hash', async () => {
  const [, pair] = KEYS[0] ?? [];
  const jwk = { ...pair?.privateKey.export({ format: 'jwk' }), alg: 'RS512' };
  const { form } = await askedBy(JSON.stringify({ clientId: 'gatehouse', privateKey: jwk }));
  expect(decodeProtectedHeader(form.get('client_assertion') ?? '').alg).toBe('RS512');
});

test('a client with a secret may send it in the form', async () => {
  const secret = { clientId: 'gatehouse', clientSecret: 'a secret', authMethod: 'client_secret_post' };
  const { form, authorization } = await askedBy(JSON.stringify(secret));
  expect(authorization).toBeUndefined();
  expect(form.get('client_id')).toBe('gatehouse');
  expect(form.get('client_secret')).toBe('a secret');
});

test.each([
  '',
  'just-a-secret',
  'null',
  '{}',
  '{"clientId":"a"}',
  '{"clientSecret":"topsecret"}',
  '{"clientId":"a","clientSecret":"topsecret","authMethod":"none"}',
  '{"clientId":"a","privateKey":{"kty":"oct","k":"topsecret"}}',
  '{"clientId":"a","privateKey":{"kty":"RSA","n":"AQAB","e":"AQAB"}}',
  '{"clientId":"a","privateKey":"topsecret"}',
])('a credential that is no client is named and not quoted: %s', async (secret) => {
  const before = endpoint.asked.length;
  const refused = askedBy(secret);
  await expect(refused).rejects.toMatchObject({
    code: 'credential_unavailable',
    detail: { reason: 'client-malformed', credential: 'service' },
  });
  await refused.catch((thrown) =>
    expect(`${thrown.stack} ${JSON.stringify(thrown.detail)}`).not.toContain('topsecret'),
  );
  expect(endpoint.asked).toHaveLength(before);
});
