import { BadArgument } from './bad-argument.ts';

/** A number with more digits than a double holds, as `read-json.ts` keeps it. */
const rawNumber = (value: unknown): string | undefined => {
  if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return undefined;
  const text = (value as { readonly rawJSON?: unknown }).rawJSON;
  return Object.getPrototypeOf(value) === null && typeof text === 'string' ? text : undefined;
};

export const isScalar = (value: unknown): boolean =>
  ['string', 'number', 'boolean'].includes(typeof value) || rawNumber(value) !== undefined;

export const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && rawNumber(value) === undefined;

/** Text of one value as it stands in an address or a header, not yet encoded. */
export const scalarText = (value: unknown, argument: string): string => {
  const raw = rawNumber(value);
  if (raw !== undefined) return raw;
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    // G19: the digits that were lost on the way here would name something else.
    if (Number.isInteger(value) && !Number.isSafeInteger(value))
      throw new BadArgument(`${argument} is a number with too many digits: write it as text`);
    return String(value);
  }
  if (typeof value !== 'string') throw new BadArgument(`${argument} takes one plain value`);
  if (!value.isWellFormed()) throw new BadArgument(`${argument} is not valid Unicode`);
  return value;
};

/** Everything but the unreserved characters of RFC 3986 §2.3: nothing that is left means anything to a URL. */
export const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
