import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { openOwnFile } from '../own-file.ts';

/** A private key for RS256. */
export type SigningKey = JWK & { readonly [part in 'kid' | 'n' | 'e' | 'd']: string } & { readonly kty: 'RSA' };

/** What the local identity provider has to remember so that tokens survive a restart and `npm run token` needs no server. */
export interface LocalIdentity {
  readonly signingKey: SigningKey;
  /** The secret of the client `copilot-service`. */
  readonly serviceSecret: string;
}

/**
 * Reads the file, or makes it.
 *
 * Shape:  one winner: processes that start together all get the identity that reached the path first.
 * Errors: a plain `Error` that names the file when it holds something else. Never overwrites it.
 */
export const openKeyFile = (path: string): Promise<LocalIdentity> =>
  openOwnFile(path, {
    parse,
    make: async () => JSON.stringify(await newIdentity(), undefined, 2),
    otherwise: 'not a local identity',
  });

const parse = (text: string): LocalIdentity | undefined => {
  try {
    const { signingKey, serviceSecret } = JSON.parse(text) as Partial<LocalIdentity>;
    return isSigningKey(signingKey) && typeof serviceSecret === 'string' ? { signingKey, serviceSecret } : undefined;
  } catch {
    return undefined;
  }
};

const isSigningKey = (key: JWK | undefined): key is SigningKey =>
  key?.kty === 'RSA' && [key.kid, key.n, key.e, key.d].every((part) => typeof part === 'string');

const newIdentity = async (): Promise<LocalIdentity> => {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const bare: JWK = { ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' };
  const signingKey = { ...bare, kid: await calculateJwkThumbprint(bare) };
  if (!isSigningKey(signingKey)) throw new Error('the key that was made is not an RSA key');
  return { signingKey, serviceSecret: randomBytes(32).toString('base64url') };
};
