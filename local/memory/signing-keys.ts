import { createPrivateKey, generateKeyPair, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import type { PublicJwk, SigningKeys } from '../../lambda/issuing/signing-keys.ts';
import { toPublicJwk } from '../../lambda/issuing/thumbprint.ts';
import { openOwnFile } from '../own-file.ts';

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

const openKey = (path: string): Promise<PrivateJwk> =>
  openOwnFile(path, {
    parse,
    make: async () => JSON.stringify(await newKey()),
    otherwise: 'not a key of this gateway',
  });

const parse = (text: string): PrivateJwk | undefined => {
  try {
    const jwk = JSON.parse(text) as PrivateJwk;
    toKey(jwk);
    return jwk;
  } catch {
    return undefined;
  }
};
