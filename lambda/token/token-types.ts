import { readUnverifiedJwt } from '../identity/read-unverified-jwt.ts';

/** Source: RFC 8693 §3. */
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
export const JWT = 'urn:ietf:params:oauth:token-type:jwt';
export const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';
export const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange';
/** RFC 7523 §2.2. */
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const AT_JWT = /^(?:application\/)?at\+jwt$/i;

/**
 * Whether a token says of itself that it is something else than whoever sends it says. Of the types that are taken, only access
 * tokens say so (RFC 9068 §2.1), and not all do.
 */
export const contradicts = (token: string, type: string): boolean =>
  type === ID_TOKEN && AT_JWT.test(String(readUnverifiedJwt(token).header.typ));
