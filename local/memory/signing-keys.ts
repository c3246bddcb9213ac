import { createPrivateKey, generateKeyPair, type KeyObject, randomBytes, sign } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { PublicJwk, SigningKeys } from '../../lambda/issuing/signing-keys.ts';
import { toPublicJwk } from '../../lambda/issuing/thumbprint.ts';

const signAsync = promisify(sign);

/** A private RSA key as a JWK: a secret. */
type PrivateJwk = Readonly<Record<string, unknown>>;

/**
 * RSA keys of this machine, for local use and tests. They are numbered as a deployment's are: `signingKey` signs, one more and
 * one less are published.
 *
 * Shape:  `folder` keeps one file for each key, readable by its owner only, so that tokens survive a restart; without one,
 *         keys are gone with the process.
 * Errors: a plain `Error` that names a file that holds something else. Never overwrites it.
 */
export const memorySigningKeys = async (
  options: { readonly signingKey?: number; readonly folder?: string } = {},
): Promise<SigningKeys> => {
  const { signingKey = 1, folder } = options;
  const numbers = [signingKey, signingKey + 1, ...(signingKey > 1 ? [signingKey - 1] : [])];
  const keys = await Promise.all(
    numbers.map(async (number) =>
      toKey(folder === undefined ? await newKey() : await openKey(`${folder}/token-key-${number}.json`)),
    ),
  );
  const [signs, ...others] = keys;
  if (signs === undefined) throw new Error('no key signs');
  return {
    published: async () => [signs.jwk, ...others.map(({ jwk }) => jwk)],
    async sign(input, kid) {
      if (kid !== signs.jwk.kid) throw new Error('another key signs');
      return signAsync('sha256', input, signs.key);
    },
  };
};

const toKey = (jwk: PrivateJwk): { readonly key: KeyObject; readonly jwk: PublicJwk } => ({
  key: createPrivateKey({ key: jwk, format: 'jwk' }),
  jwk: toPublicJwk(jwk),
});

const newKey = async (): Promise<PrivateJwk> =>
  (await promisify(generateKeyPair)('rsa', { modulusLength: 2_048 })).privateKey.export({
    format: 'jwk',
  }) as PrivateJwk;

const openKey = async (path: string): Promise<PrivateJwk> => (await read(path)) ?? create(path);

const read = async (path: string): Promise<PrivateJwk | undefined> => {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const jwk = parse(text);
  if (jwk === undefined) throw new Error(`${path} is not a key of this gateway: delete it and it is made again`);
  return jwk;
};

const parse = (text: string): PrivateJwk | undefined => {
  try {
    const jwk = JSON.parse(text) as PrivateJwk;
    toKey(jwk);
    return jwk;
  } catch {
    return undefined;
  }
};

const create = async (path: string): Promise<PrivateJwk> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // A link fails when the path exists: whoever comes second must not replace a key already in use.
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, JSON.stringify(await newKey()), { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const jwk = await read(path);
  if (jwk === undefined) throw new Error(`${path} was removed while it was being made`);
  return jwk;
};
