/** Deeper than any honest answer; what recurses over an answer must not meet more. */
const MAX_DEPTH = 128;

/** May hold a number that a double can't: only then is the slow way worth it. */
const LONG_NUMBER = /[\d.]{16}|[eE][+-]?\d{3}/;

/** Source text access of `JSON.parse` and `JSON.rawJSON`: in Node since 22, not yet in TypeScript's library. */
interface ExactJson {
  parse(text: string, revive: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
  rawJSON(text: string): object;
}

const exactJson = JSON as unknown as ExactJson;

/**
 * What an upstream wrote, to be written again as it was (G19): a number that would lose digits becomes a `JSON.rawJSON`
 * object, which `JSON.stringify` writes with all of them.
 *
 * Errors: an `Error` that says what was wrong; it never quotes the text.
 */
export const readJson = (text: string): unknown => {
  if (isDeeperThan(text, MAX_DEPTH)) throw new Error('the answer is nested too deep');
  try {
    return LONG_NUMBER.test(text) ? exactJson.parse(text, keepDigits) : JSON.parse(text);
  } catch {
    throw new Error('the answer is not JSON');
  }
};

const keepDigits = (_: string, value: unknown, { source }: { readonly source?: string }): unknown =>
  typeof value === 'number' &&
  source !== undefined &&
  source.length > 4 &&
  String(value) !== source &&
  isLossy(value, source)
    ? exactJson.rawJSON(source)
    : value;

/** `1.50` and `1.5` are one number; `9007199254740993` is none that a double can hold. */
const isLossy = (value: number, source: string): boolean =>
  !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)) || digitsOf(source).length > 15;

const digitsOf = (source: string): string =>
  source
    .replace(/[eE].*$/, '')
    .replace(/\D/g, '')
    .replace(/^0+/, '');

const [QUOTE, BACKSLASH, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [...'"\\[]{}'].map((character) =>
  character.charCodeAt(0),
);

const isDeeperThan = (text: string, most: number): boolean => {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) index = endOfString(text, index + 1);
    else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      depth++;
      if (depth > most) return true;
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) depth--;
  }
  return false;
};

/** Where the string that begins before `from` ends. `indexOf` skips long texts at the speed of memory. */
const endOfString = (text: string, from: number): number => {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text.charCodeAt(at - 1 - escapes) === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return at;
  }
  return text.length;
};
