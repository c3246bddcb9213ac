/** No base64 has a colon: what carries the tag is ours, and what does not is another provider's (R80). */
const TAG = 'gemini:';

/** A signed thought on its way to the caller, who hands it back with the history. */
export const tagSignature = (signature: string): string => `${TAG}${signature}`;

/** The signature as Gemini made it, or undefined if someone else did. */
export const untagSignature = (signature: string | undefined): string | undefined =>
  signature?.startsWith(TAG) === true ? signature.slice(TAG.length) : undefined;

/** Stands for a signature that was lost, or for a call that another model made (R83). Source: Gemini API, "Thought signatures". */
export const NO_SIGNATURE = 'skip_thought_signature_validator';
