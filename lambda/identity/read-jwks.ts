import { createPublicKey, type KeyObject } from 'node:crypto';
import { assertIsJwk, type Jwk, type JwkWithKid } from 'aws-jwt-verify/jwk';
import { fitsAnyAlgorithm } from './algorithms.ts';

const MAX_KEYS = 100;
const MIN_RSA_BITS = 2048;
/** RFC 7518 §6: members of private and symmetric keys. */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

const publicKeys = new WeakMap<Jwk, KeyObject>();

/** The key made ready for verifying, once for each fetched key: it goes when the key does, also if its `kid` is used again. */
export const publicKeyOf = (jwk: Jwk): KeyObject => {
  const known = publicKeys.get(jwk);
  if (known !== undefined) return known;
  const made = createPublicKey({ key: jwk, format: 'jwk' });
  publicKeys.set(jwk, made);
  return made;
};

/**
 * The keys of a JWKS document (RFC 7517 §5) that can check signatures, by `kid`.
 *
 * Keys for other uses are skipped: Keycloak publishes an encryption key beside the others. A document that shows a secret,
 * or gives one `kid` to two keys, is refused whole: something is wrong at the issuer, and the keys we have are better.
 *
 * Shape:  `isBundle`: it is a trust domain's of SPIFFE, whose keys say that they are for SVIDs.
 * Errors: an `Error` that says what was wrong.
 */
export const readJwks = (document: unknown, isBundle = false): ReadonlyMap<string, JwkWithKid> => {
  const listed = (document as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(listed)) throw new Error('the key set has no list of keys');
  if (listed.length > MAX_KEYS) throw new Error(`the key set has more than ${MAX_KEYS} keys`);
  const keys = new Map<string, JwkWithKid>();
  for (const published of listed) {
    assertIsJwk(published);
    const jwk = isBundle ? inUse(published) : published;
    if (jwk.kty === 'oct' || SECRET_MEMBERS.some((member) => member in jwk))
      throw new Error('the key set shows a secret');
    if (!isForSignatures(jwk) || !hasKid(jwk) || !isStrong(publicKeyOf(jwk))) continue;
    if (keys.has(jwk.kid)) throw new Error('the key set has two keys with one kid');
    keys.set(jwk.kid, jwk);
  }
  if (keys.size === 0) throw new Error('the key set has no key for signatures');
  return keys;
};

/** SPIFFE Trust Domain and Bundle §4.2.1: what a bundle calls the keys that sign JWT-SVIDs. */
const inUse = (jwk: Jwk): Jwk => ((jwk.use as unknown) === 'jwt-svid' ? { ...jwk, use: 'sig' } : jwk);

const isForSignatures = (jwk: Jwk): boolean =>
  fitsAnyAlgorithm(jwk) &&
  (jwk.use === undefined || jwk.use === 'sig') &&
  (jwk.key_ops === undefined || (Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify')));

const hasKid = (jwk: Jwk): jwk is JwkWithKid => typeof jwk.kid === 'string' && jwk.kid !== '';

const isStrong = (key: KeyObject): boolean =>
  key.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS;
