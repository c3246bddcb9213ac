/** A public RSA key as it is published (RFC 7517 §4, RFC 7518 §6.3.1). `kid` is its RFC 7638 thumbprint. */
export interface PublicJwk {
  readonly kty: 'RSA';
  readonly kid: string;
  readonly n: string;
  readonly e: string;
  readonly alg: 'RS256';
  readonly use: 'sig';
}

/**
 * The keys that sign the gateway's own tokens. Private keys never leave it.
 *
 * Errors: `Refusal('signing_unavailable')` when the keys can't be reached in time.
 */
export interface SigningKeys {
  /** The key that signs, then the others that are published: the next one, and the one before. */
  published(): Promise<readonly [PublicJwk, ...PublicJwk[]]>;
  /**
   * RS256 (RFC 7518 §3.3) with the key that signs now.
   *
   * Shape: `input` is the JWS signing input, ASCII; `kid` says which key signed, and has to be the one in its header.
   */
  sign(input: Uint8Array, kid: string): Promise<Uint8Array>;
}
