import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import type { Credentials } from '../core/credentials.ts';
import { credentialRefusal } from './credential-refusal.ts';

/**
 * How we are known to an authorization server.
 *
 * Source: the credential's JSON: `{"clientId", "clientSecret", "authMethod"?: "client_secret_basic" | "client_secret_post"}`
 * or `{"clientId", "privateKey": <JWK>}`. The names of RFC 7591 are taken too: `client_id`, `client_secret`,
 * `token_endpoint_auth_method`.
 */
export type TokenClient =
  | { readonly id: string; readonly type: 'client_secret_basic' | 'client_secret_post'; readonly secret: string }
  | { readonly id: string; readonly type: 'private_key_jwt'; readonly key: SigningKey };

interface SigningKey {
  readonly key: KeyObject;
  readonly header: Readonly<Record<string, string>>;
  /** For `node:crypto`; null where the algorithm has its own. */
  readonly digest: string | null;
}

/** Errors: `Refusal('credential_unavailable')`, which never quotes the secret. */
export const readTokenClient = async (credentials: Credentials, name: string, fresh: boolean): Promise<TokenClient> => {
  const secret = await credentials.read(name, { fresh });
  const client = parse(secret.open());
  if (client === undefined) throw credentialRefusal('client-malformed', { credential: name });
  return client;
};

const parse = (text: string): TokenClient | undefined => {
  try {
    return toClient(JSON.parse(text));
  } catch {
    return undefined; // The error would quote the secret.
  }
};

type Json = Readonly<Record<string, unknown>>;

const toClient = (json: Json): TokenClient | undefined => {
  const id = json.clientId ?? json.client_id;
  const secret = json.clientSecret ?? json.client_secret;
  const jwk = json.privateKey ?? json.private_key;
  const type = json.authMethod ?? json.token_endpoint_auth_method ?? 'client_secret_basic';
  if (typeof id !== 'string' || id === '') return undefined;
  if (jwk !== undefined) return { id, type: 'private_key_jwt', key: readKey(jwk as Json) };
  if (typeof secret !== 'string' || secret === '') return undefined;
  return type === 'client_secret_basic' || type === 'client_secret_post' ? { id, type, secret } : undefined;
};

/** RFC 7518 §3.1, RFC 8037 §3.1: what each kind of key signs with unless it says so itself. */
const ALGORITHMS: ReadonlyMap<string, { readonly alg: string; readonly digest: string | null }> = new Map([
  ['RSA', { alg: 'RS256', digest: 'sha256' }],
  ['P-256', { alg: 'ES256', digest: 'sha256' }],
  ['P-384', { alg: 'ES384', digest: 'sha384' }],
  ['P-521', { alg: 'ES512', digest: 'sha512' }],
  ['Ed25519', { alg: 'EdDSA', digest: null }],
]);
const RSA_DIGESTS = new Map([
  ['RS256', 'sha256'],
  ['RS384', 'sha384'],
  ['RS512', 'sha512'],
]);

/** Errors: throws for what is no private key. */
const readKey = (jwk: Json): SigningKey => {
  const key = createPrivateKey({ key: jwk, format: 'jwk' });
  const own = ALGORITHMS.get(jwk.kty === 'RSA' ? 'RSA' : String(jwk.crv));
  if (own === undefined) throw new Error('a key of another kind');
  const isRsa = jwk.kty === 'RSA' && jwk.alg !== undefined;
  const alg = isRsa ? String(jwk.alg) : own.alg;
  const digest = isRsa ? RSA_DIGESTS.get(alg) : own.digest;
  if (digest === undefined) throw new Error('an algorithm that is not for signing');
  // Entra finds the key by the thumbprint of its certificate instead of `kid`.
  const names = ['kid', 'x5t', 'x5t#S256'].filter((name) => typeof jwk[name] === 'string');
  const header = Object.fromEntries(names.map((name) => [name, String(jwk[name])]));
  return { key, digest, header: { alg, typ: 'JWT', ...header } };
};

export interface ClientProof {
  readonly headers: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
}

const ASSERTION_SECONDS = 60;
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** What proves to a token endpoint who asks. Sources: RFC 6749 §2.3.1; RFC 7523 §2.2 and §3. */
export const proveClient = (client: TokenClient, tokenUrl: string, nowMs: number, jti: string): ClientProof => {
  if (client.type !== 'private_key_jwt') {
    const { id, secret } = client;
    if (client.type === 'client_secret_post') return { headers: {}, params: { client_id: id, client_secret: secret } };
    const pair = `${formEncoded(id)}:${formEncoded(secret)}`;
    return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, params: {} };
  }
  const iat = Math.floor(nowMs / 1000);
  const claims = { iss: client.id, sub: client.id, aud: tokenUrl, jti, iat, nbf: iat, exp: iat + ASSERTION_SECONDS };
  const assertion = signJwt(client.key, claims);
  return {
    headers: {},
    params: { client_id: client.id, client_assertion_type: ASSERTION_TYPE, client_assertion: assertion },
  };
};

const formEncoded = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1);

const signJwt = ({ key, digest, header }: SigningKey, claims: object): string => {
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign(digest, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
};
