import { tokenRefusal } from './oauth-error.ts';

export interface BasicClient {
  readonly id: string;
  readonly secret: string;
}

/**
 * Client id and secret of `client_secret_basic`; `undefined` without the header.
 *
 * Errors: `invalid_client` for a header of another scheme or shape. Source: RFC 6749 §2.3.1, RFC 7617 §2.
 */
export const readBasic = (authorization: string | null): BasicClient | undefined => {
  if (authorization === null) return undefined;
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  const pair = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 1) throw tokenRefusal('client', { reason: 'authorization-header' });
  const id = decoded(pair.slice(0, colon));
  const secret = decoded(pair.slice(colon + 1));
  if (id === undefined || secret === undefined) throw tokenRefusal('client', { reason: 'authorization-header' });
  return { id, secret };
};

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
};
