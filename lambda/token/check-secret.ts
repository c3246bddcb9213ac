import { createHash, timingSafeEqual } from 'node:crypto';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * In constant time, of whatever length. `kept` is the secret, or JSON with it as `clientSecret`. An empty one is none: whoever
 * sends nothing must not be right.
 */
export const isSecret = (given: string, kept: string): boolean =>
  given !== '' && timingSafeEqual(sha256(given), sha256(secretIn(kept)));

const secretIn = (text: string): string => {
  if (!text.startsWith('{')) return text;
  try {
    const { clientSecret } = JSON.parse(text) as { readonly clientSecret?: unknown };
    return typeof clientSecret === 'string' ? clientSecret : text;
  } catch {
    return text;
  }
};
