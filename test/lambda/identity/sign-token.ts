import { SignJWT } from 'jose';
import { createKey, type IssuerKey } from './issuer.ts';

export { createKey, type IssuerKey };

/** A signed JWT of any claims. */
export const signToken = (
  { kid, alg, privateKey }: IssuerKey,
  claims: Readonly<Record<string, unknown>>,
  typ = 'JWT',
): Promise<string> => new SignJWT(claims).setProtectedHeader({ alg, kid, typ }).sign(privateKey);
