import { tokenRejected } from './token-rejected.ts';

const MAX_TOKEN_CHARACTERS = 16 * 1024;

// RFC 6750 §2.1: the scheme, one space, token68. No comma can pass, so two headers joined into one are refused.
const CREDENTIALS = /^bearer ([A-Za-z0-9\-._~+/]+=*)$/i;

/** The token of an `authorization` header. Anything but exactly one bearer token is a `Refusal('token_rejected')`. */
export const readBearer = (authorization: string): string => {
  if (authorization.length > 'bearer '.length + MAX_TOKEN_CHARACTERS) throw tokenRejected('too-large');
  const token = CREDENTIALS.exec(authorization)?.[1];
  if (token === undefined) throw tokenRejected('malformed');
  return token;
};
