/**
 * The signature algorithms we know, and the one kind of key each may be used with (RFC 7518 §3.1, RFC 8037 §3.1).
 * Only asymmetric ones: with HS256 whoever reads the public key could sign.
 */
const ALGORITHMS: ReadonlyMap<string, { readonly kty: string; readonly crv?: string }> = new Map([
  ['RS256', { kty: 'RSA' }],
  ['RS384', { kty: 'RSA' }],
  ['RS512', { kty: 'RSA' }],
  ['ES256', { kty: 'EC', crv: 'P-256' }],
  ['ES384', { kty: 'EC', crv: 'P-384' }],
  ['ES512', { kty: 'EC', crv: 'P-521' }],
  ['EdDSA', { kty: 'OKP', crv: 'Ed25519' }],
]);

interface KeyKind {
  readonly kty?: unknown;
  readonly crv?: unknown;
}

export const isKnownAlgorithm = (algorithm: string): boolean => ALGORITHMS.has(algorithm);

/** Whether a key is of the kind that the algorithm asks for: an RSA key must not check what says it is ES256. */
export const fitsAlgorithm = (key: KeyKind, algorithm: string | undefined): boolean => {
  const wanted = ALGORITHMS.get(algorithm ?? '');
  return wanted !== undefined && key.kty === wanted.kty && (wanted.crv === undefined || key.crv === wanted.crv);
};

/** Whether any algorithm could use the key. */
export const fitsAnyAlgorithm = (key: KeyKind): boolean =>
  [...ALGORITHMS.keys()].some((algorithm) => fitsAlgorithm(key, algorithm));
