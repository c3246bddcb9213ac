const STAR = '*';
const DIGIT = '#';

/**
 * Whether a name is one of a family: `*` is any text, `#` one digit, everything else itself. Names come from callers, so this
 * is no regular expression: it goes back to the last star and no further, in time of at most name × pattern.
 */
export const matchesGlob = (pattern: string, name: string): boolean => {
  let at = 0;
  let star = -1;
  let resume = 0;
  let index = 0;
  while (index < name.length) {
    if (pattern[at] === STAR) {
      star = at++;
      resume = index;
    } else if (at < pattern.length && isOne(pattern[at], name[index])) {
      at += 1;
      index += 1;
    } else if (star >= 0) {
      at = star + 1;
      resume += 1;
      index = resume;
    } else return false;
  }
  while (pattern[at] === STAR) at += 1;
  return at === pattern.length;
};

const isOne = (expected: string | undefined, found: string | undefined): boolean =>
  expected === DIGIT ? found !== undefined && found >= '0' && found <= '9' : expected === found;

/** Whether a row is about a model. Names differ in case from list to list. */
export const coversModel = (
  { match, not = [] }: { readonly match: readonly string[]; readonly not?: readonly string[] },
  model: string,
): boolean => {
  const name = model.toLowerCase();
  return match.some((glob) => matchesGlob(glob, name)) && !not.some((glob) => matchesGlob(glob, name));
};
