/**
 * What a provider that is not OpenAI wants back with its reasoning, in the slot that the Responses dialect has for such
 * things: `encrypted_content` of a reasoning item, which clients return untouched. The tag keeps it from ever reaching
 * OpenAI, and OpenAI's own from reaching anybody else (R80).
 */
export interface Carried {
  /** `thinking`: the signature of a text; `redacted`: thinking without a text; `call`: the signature of the tool call after it (R83). */
  readonly kind: 'thinking' | 'redacted' | 'call';
  readonly value: string;
}

const CARRIED = /^gatehouse:(thinking|redacted|call):/;

export const writeCarried = ({ kind, value }: Carried): string => `gatehouse:${kind}:${value}`;

/** `undefined` for what we did not write: OpenAI's own. */
export const readCarried = (text: unknown): Carried | undefined => {
  const tag = typeof text === 'string' ? CARRIED.exec(text) : null;
  if (tag === null) return undefined;
  return { kind: tag[1] as Carried['kind'], value: tag.input.slice(tag[0].length) };
};
