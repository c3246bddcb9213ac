import { hash } from 'node:crypto';
import type { PublicJwk } from './signing-keys.ts';

/** RFC 7638 §3: the required members in the order of the alphabet, without white space. */
export const thumbprint = ({ e, n }: { readonly e: string; readonly n: string }): string =>
  hash('sha256', JSON.stringify({ e, kty: 'RSA', n }), 'base64url');

/** A public RSA key as it is published. Errors: an `Error` for any other kind of key. */
export const toPublicJwk = (jwk: { readonly kty?: unknown; readonly n?: unknown; readonly e?: unknown }): PublicJwk => {
  const { kty, n, e } = jwk;
  if (kty !== 'RSA' || typeof n !== 'string' || typeof e !== 'string') throw new Error('the key is not an RSA key');
  return { kty: 'RSA', kid: thumbprint({ e, n }), n, e, alg: 'RS256', use: 'sig' };
};
