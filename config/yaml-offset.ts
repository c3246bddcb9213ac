const isSpace = (char: string | undefined): boolean => char === ' ' || char === '\n' || char === '\r' || char === '\t';

/** How many characters an escape of a double-quoted scalar takes, its backslash included. */
const escapeLength = (source: string, at: number): number => ({ x: 4, u: 6, U: 10 })[source[at + 1] ?? ''] ?? 2;

const skipSpace = (source: string, at: number): number => {
  let index = at;
  while (isSpace(source[index])) index++;
  return index;
};

/**
 * Where character `offset` of a scalar's value stands in its source, quotes, escapes, folding and indentation considered.
 * Close enough for a person where the two can't be told apart.
 */
export const sourceIndex = (source: string, value: string, offset: number): number => {
  const quote = source[0] === '"' || source[0] === "'" ? source[0] : undefined;
  // A block scalar's text starts on the line after its header (`|` or `>-`).
  let at = quote !== undefined ? 1 : /^[|>]/.test(source) ? skipSpace(source, Math.max(0, source.indexOf('\n'))) : 0;
  for (let index = 0; index < Math.min(offset, value.length); index++) {
    const char = value[index];
    if (quote === '"' && source[at] === '\\') at += escapeLength(source, at);
    else if (quote === "'" && source.startsWith("''", at)) at += 2;
    else if (source[at] === char && char !== '\n') at += 1;
    else if (isSpace(char)) at = skipSpace(source, at);
    else at = skipSpace(source, at) + 1;
  }
  return Math.min(at, source.length);
};
