import { foldConfusables } from './confusables.ts';

/** Latin letters with a stroke or hook through them, which no normalisation takes off. */
const STROKES: readonly (readonly [plain: string, others: string])[] = [
  ['a', 'ⱥ'],
  ['b', 'ƀɓƃ'],
  ['c', 'ȼƈ'],
  ['d', 'đɖƌ'],
  ['e', 'ɇ'],
  ['g', 'ǥɠ'],
  ['h', 'ħɦ'],
  ['i', 'ɨƚ'],
  ['j', 'ɉ'],
  ['k', 'ƙⱪ'],
  ['l', 'łɫⱡ'],
  ['n', 'ɲƞ'],
  ['o', 'øɵ'],
  ['p', 'ƥᵽ'],
  ['r', 'ɍɽ'],
  ['s', 'ʂȿ'],
  ['t', 'ŧƭʈ'],
  ['u', 'ʉ'],
  ['y', 'ɏƴ'],
  ['z', 'ƶȥ'],
];

const PLAIN = new Map(STROKES.flatMap(([plain, others]) => [...others].map((other) => [other, plain] as const)));

const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text);

const toLatin = (text: string): string =>
  foldConfusables(foldConfusables(text.normalize('NFKC')).toLowerCase())
    .normalize('NFKD')
    .replace(/[\p{M}\u0180-\u02af\u1d00-\u1dbf\u2c60-\u2c7f\u0111\u0127\u0142\u00f8\u0167]/gu, (letter) =>
      /\p{M}/u.test(letter) ? '' : (PLAIN.get(letter) ?? letter),
    );

const simplified = (text: string): string =>
  text.replace(/[1i]/g, 'l').replaceAll('0', 'o').replaceAll('m', 'rn').replaceAll('w', 'vv');

const drawn = (text: string): string => simplified(text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ''));

/** Of ASCII: each line by itself. */
const drawnLines = (text: string): string => simplified(text.toLowerCase().replace(/[^a-z0-9\n]+/g, ''));

/** Most names are ASCII, and a cold list folds thousands: each of its characters is folded by itself, once. */
const ASCII = Array.from({ length: 128 }, (_, code) => drawn(String.fromCharCode(code)));

const drawnAscii = (text: string): string => {
  let folded = '';
  for (let index = 0; index < text.length; index++) folded += ASCII[text.charCodeAt(index)];
  return folded;
};

/**
 * What is left of a name when neither case nor separators nor the exact drawing of its letters count: `deleteRepo`,
 * `DELETE-REPO` and `dеlete_repo` with a Cyrillic е are one (G44). For denying only: it takes names for the same that are not.
 *
 * Shape:  a text within another is within it after this too, so that nothing escapes a pattern by being folded. That is why `m`
 *         becomes `rn` and not the other way round.
 */
export const foldName = (name: string): string => (isAscii(name) ? drawnAscii(name) : drawn(toLatin(name)));

const BREAK = '\n';

/** Of a name in an honest list. In a very long text, replacing takes more time than letter by letter. */
const USUAL_CHARS = 64;

/** Each of the names as `foldName` folds it. What takes one step a name is slow, and a list has thousands: they are one text. */
export const foldNames = (names: readonly string[]): readonly string[] => {
  const text = names.join(BREAK);
  const isUsual = text.length <= names.length * USUAL_CHARS && isAscii(text);
  const folded = isUsual ? drawnLines(text).split(BREAK) : [];
  return folded.length === names.length ? folded : names.map(foldName);
};
