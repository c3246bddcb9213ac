import { generateKeyPair, randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, type JWK } from 'jose';

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
export const openKeyFile = async (path: string): Promise<LocalIdentity> => (await read(path)) ?? create(path);

const read = async (path: string): Promise<LocalIdentity | undefined> => {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const identity = parse(text);
  if (identity === undefined) throw new Error(`${path} is not a local identity: delete it and it is made again`);
  return identity;
};

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

const create = async (path: string): Promise<LocalIdentity> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // A link, unlike a rename, fails when the path exists: whoever comes second must not replace a key already in use.
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, JSON.stringify(await newIdentity(), undefined, 2), { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const identity = await read(path);
  if (identity === undefined) throw new Error(`${path} was removed while it was being made`);
  return identity;
};

const newIdentity = async (): Promise<LocalIdentity> => {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const bare: JWK = { ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' };
  const signingKey = { ...bare, kid: await calculateJwkThumbprint(bare) };
  if (!isSigningKey(signingKey)) throw new Error('the key that was made is not an RSA key');
  return { signingKey, serviceSecret: randomBytes(32).toString('base64url') };
};
