import { isExactNumber } from './exact-json.ts';

/**
 * The one text of a JSON value: members in the order of their UTF-16 units, no white space.
 *
 * Shape:  two differences from the standard, both so that no two values share a text: numbers that a double can't hold keep
 *         their digits, and a lone surrogate is written as its escape instead of being an error.
 * Errors: none for what came out of JSON no deeper than readers of answers allow.
 * Source: RFC 8785.
 */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null || isExactNumber(value)) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
};
