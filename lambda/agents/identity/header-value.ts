const PLAIN = /^[\x20-\x7e]+$/;
const MARK = 'b64:';

/**
 * A claim as the value of a header; undefined for one that is not there, or that says nothing.
 *
 * Shape:  a string as it is; a list of strings without spaces with spaces between; all else as JSON. What a header can't hold
 *         as it is, or what could be taken for such, is `b64:` and the base64url of its UTF-8.
 */
export const headerValue = (claim: unknown): string | undefined => {
  if (claim === undefined || claim === null) return undefined;
  const text = asText(claim);
  if (text === '') return undefined;
  const isPlain = PLAIN.test(text) && text.trim() === text && !text.startsWith(MARK);
  return isPlain ? text : `${MARK}${Buffer.from(text, 'utf8').toString('base64url')}`;
};

const asText = (claim: unknown): string => {
  if (typeof claim === 'string') return claim;
  if (Array.isArray(claim) && claim.every(isWord)) return claim.join(' ');
  return JSON.stringify(claim);
};

const isWord = (item: unknown): boolean => typeof item === 'string' && item !== '' && !item.includes(' ');
