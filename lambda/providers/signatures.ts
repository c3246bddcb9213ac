/**
 * Whether a signature of a thinking block is none of Anthropic's: missing, or with the tag that another provider's adapter puts
 * before its own (R80). Base64 has no colon.
 */
export const isForeignSignature = (signature: unknown): boolean =>
  typeof signature !== 'string' || signature === '' || signature.includes(':');
