import type { MatchLogic } from '@pydantic/genai-prices';

export interface Globs {
  readonly match: readonly string[];
  readonly not: readonly string[];
}

/** The one look-ahead of the price list: not a text-to-speech model. */
const NOT_SPEECH = '^(?!.*-[tT][tT][sS](?:$|-))';

/**
 * How the price list recognises a model, as globs: nothing that callers name is ever given to a regular expression.
 * `undefined` for what globs can't say; such a model has no price then, which is better than another model's.
 */
export const toGlobs = (logic: MatchLogic): Globs | undefined => {
  if ('or' in logic) return union(logic.or.map(toGlobs));
  if ('and' in logic) return intersection(logic.and.map(toGlobs));
  if ('regex' in logic) return fromRegex(logic.regex);
  if ('equals' in logic) return plain(logic.equals, (text) => text);
  if ('starts_with' in logic) return plain(logic.starts_with, (text) => `${text}*`);
  if ('ends_with' in logic) return plain(logic.ends_with, (text) => `*${text}`);
  return plain(logic.contains, (text) => `*${text}*`);
};

const plain = (text: string, glob: (text: string) => string): Globs | undefined =>
  /[*#]/.test(text) ? undefined : { match: [glob(text.toLowerCase())], not: [] };

/** What is kept out of one alternative is kept out of all: the list has that only for names it can't be meant for. */
const union = (parts: readonly (Globs | undefined)[]): Globs | undefined =>
  parts.includes(undefined)
    ? undefined
    : {
        match: [...new Set(parts.flatMap((part) => part?.match ?? []))],
        not: [...new Set(parts.flatMap((part) => part?.not ?? []))],
      };

/** One condition on what a name is, any number on what it is not. */
const intersection = (parts: readonly (Globs | undefined)[]): Globs | undefined => {
  const positive = parts.filter((part) => part === undefined || part.match.length > 0);
  const whole = union(parts);
  return positive.length === 1 ? whole : undefined;
};

const TOKEN = /\\d\{(\d)\}|\\d|\\([.[\]])|([A-Za-z0-9/_=-])/y;

/** `^name-\d{8}$` and its like; without `$`, anything may follow. */
const fromRegex = (regex: string): Globs | undefined => {
  if (regex === NOT_SPEECH) return { match: [], not: ['*-tts', '*-tts-*'] };
  if (!regex.startsWith('^')) return undefined;
  const whole = regex.endsWith('$');
  const end = whole ? regex.length - 1 : regex.length;
  let glob = '';
  for (TOKEN.lastIndex = 1; TOKEN.lastIndex < end; ) {
    const token = TOKEN.exec(regex);
    if (token === null) return undefined;
    const [text, digits, escaped, literal] = token;
    glob += text.startsWith('\\d') ? '#'.repeat(Number(digits ?? 1)) : (escaped ?? literal ?? '');
  }
  return { match: [`${glob.toLowerCase()}${whole ? '' : '*'}`], not: [] };
};
