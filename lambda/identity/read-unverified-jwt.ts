import { tokenRejected } from './token-rejected.ts';

/** What a token claims before anybody has checked its signature: good for picking a verifier and for early refusals only. */
export interface UnverifiedJwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signature: string;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Three parts with dots between. Anything else is taken for an API key. */
export const looksLikeJwt = (token: string): boolean => token.split('.').length === 3;

/**
 * Reads the compact form (RFC 7515 §7.1) without trusting it.
 *
 * Stricter than verifiers are: they forgive white space, padding and loose last bits inside base64url, and then many
 * spellings of one signature pass, which cache keys and block lists would take for different tokens.
 *
 * Errors: `Refusal('token_rejected')` with reason `malformed`.
 */
export const readUnverifiedJwt = (token: string): UnverifiedJwt => {
  const [header = '', claims = '', signature = ''] = token.split('.');
  return { header: readObject(header), claims: readObject(claims), signature };
};

/** Whether these characters are the one right spelling of some bytes. */
export const isCanonicalBase64url = (text: string): boolean =>
  text !== '' && Buffer.from(text, 'base64url').toString('base64url') === text;

const readObject = (part: string): Record<string, unknown> => {
  if (!isCanonicalBase64url(part)) throw tokenRejected('malformed');
  const value = parse(Buffer.from(part, 'base64url'));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw tokenRejected('malformed');
  return value as Record<string, unknown>;
};

const parse = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (cause) {
    // The cause would quote the token.
    throw tokenRejected('malformed', {}, (cause as Error).name);
  }
};
