import { importJWK, SignJWT } from 'jose';
import type { SigningKey } from './key-file.ts';

/** An access token as the library would sign it. Okta's carry no `typ`. */
export const signToken = async (signingKey: SigningKey, claims: object): Promise<string> =>
  new SignJWT({ ...claims })
    .setProtectedHeader({ kid: signingKey.kid, alg: 'RS256' })
    .sign(await importJWK(signingKey, 'RS256'));
