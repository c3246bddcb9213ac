import { createHash, timingSafeEqual } from 'node:crypto';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** RFC 6749 §2.3.1: as long as everybody may try, guessing has to be hopeless. The API lets through 200 calls a second. */
const MIN_CHARACTERS = 16;

export type SecretVerdict = 'right' | 'wrong' | 'too-short';

/**
 * Compares in constant time, whatever the lengths. `kept` is the secret, or JSON with it as `clientSecret`. One that is too short
 * is never right: the record says so to whoever chose it.
 */
export const checkSecret = (given: string, kept: string): SecretVerdict => {
  const secret = secretIn(kept);
  if (secret.length < MIN_CHARACTERS) return 'too-short';
  return timingSafeEqual(sha256(given), sha256(secret)) ? 'right' : 'wrong';
};

const secretIn = (text: string): string => {
  if (!text.startsWith('{')) return text;
  try {
    const { clientSecret } = JSON.parse(text) as { readonly clientSecret?: unknown };
    return typeof clientSecret === 'string' ? clientSecret : text;
  } catch {
    return text;
  }
};
