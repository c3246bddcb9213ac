/** A pattern in which `*` is any text, none included, and everything else is itself. */
export interface Glob {
  /** What a text has to begin with; the whole pattern if it has no star. */
  readonly start: string;
  /** What a text has to have in it somewhere: the longest piece of the pattern without a star. */
  readonly needle: string;
  /** Time grows with the text, not with text × pattern: names are chosen by servers, of any length. */
  matches(text: string): boolean;
}

/** `fold` is put over what stands between the stars; texts are to be folded by whoever asks. */
export const compileGlob = (pattern: string, fold: (text: string) => string = (text) => text): Glob => {
  const [start = '', ...others] = pattern.split('*').map(fold);
  const needle = others.reduce((longest, piece) => (piece.length > longest.length ? piece : longest), start);
  const end = others.pop();
  if (end === undefined) return { start, needle, matches: (text) => text === start };
  const middle = others.filter((piece) => piece !== '').map(createFind);
  return {
    start,
    needle,
    matches: (text) => {
      const last = text.length - end.length;
      if (last < start.length || !text.startsWith(start) || !text.endsWith(end)) return false;
      // The leftmost place of each piece leaves the most room for the next.
      let at = start.length;
      for (const find of middle) {
        at = find(text, at, last);
        if (at === -1) return false;
      }
      return true;
    },
  };
};

/** Finds a piece within `from` and `to`: where it ends, or -1. Each character is looked at once (Knuth, Morris and Pratt). */
const createFind = (piece: string): ((text: string, from: number, to: number) => number) => {
  /** How much of the piece still matches after a mismatch at each of its places. */
  const borders = new Uint32Array(piece.length);
  for (let index = 1, border = 0; index < piece.length; index++) {
    while (border > 0 && piece[index] !== piece[border]) border = borders[border - 1] ?? 0;
    if (piece[index] === piece[border]) border++;
    borders[index] = border;
  }
  return (text, from, to) => {
    let matched = 0;
    for (let at = from; at < to; at++) {
      while (matched > 0 && text[at] !== piece[matched]) matched = borders[matched - 1] ?? 0;
      if (text[at] === piece[matched]) matched++;
      if (matched === piece.length) return at + 1;
    }
    return -1;
  };
};
