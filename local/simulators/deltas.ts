const CHARS_A_DELTA = 8;

/** A text in several small pieces, at least three where it is long enough; a code point is never split. */
export const deltas = (text: string): readonly string[] => {
  const size = Math.max(1, Math.min(CHARS_A_DELTA, Math.ceil(text.length / 3)));
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = at + size;
    const splitsPair = end < text.length && /[\uD800-\uDBFF]/.test(text.charAt(end - 1));
    const next = splitsPair ? end + 1 : end;
    pieces.push(text.slice(at, next));
    at = next;
  }
  return pieces;
};
