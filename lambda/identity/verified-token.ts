import { Hidden } from '../core/hidden.ts';
import { readBearer } from './read-bearer.ts';
import { looksLikeJwt } from './read-unverified-jwt.ts';

/**
 * The token of a request whose principal somebody trusted has already established from it. An API key is no token: it is no
 * business of any upstream.
 *
 * Errors: `Refusal('token_rejected')` for a header that could not have been verified.
 */
export const verifiedToken = (authorization: string | undefined): Hidden | undefined => {
  if (authorization === undefined) return undefined;
  const token = readBearer(authorization);
  return looksLikeJwt(token) ? new Hidden(token) : undefined;
};
