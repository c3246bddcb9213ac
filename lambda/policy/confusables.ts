/**
 * Letters of other scripts that are drawn like a Latin one, after NFKC. The few that are used: a whole table is 6,000 rows.
 *
 * Source: Unicode UTS #39, confusables.txt.
 */
const LOOK_LIKE: readonly (readonly [latin: string, others: string])[] = [
  ['a', 'аӕᴀɑ'],
  ['b', 'Ьʙ'],
  ['c', 'сϲᴄ'],
  ['d', 'ԁɗᴅ'],
  ['e', 'еҽєᴇ'],
  ['f', 'ғꜰ'],
  ['g', 'ɡց'],
  ['h', 'һհ'],
  ['i', 'іıɩɪӏ'],
  ['j', 'јϳ'],
  ['k', 'кᴋ'],
  ['l', 'ⅼʟ'],
  ['m', 'ᴍм'],
  ['n', 'ոɴ'],
  ['o', 'оοօᴏσ'],
  ['p', 'рρᴘ'],
  ['q', 'ԛգ'],
  ['r', 'гʀᴦ'],
  ['s', 'ѕꜱ'],
  ['t', 'тᴛτ'],
  ['u', 'υսᴜ'],
  ['v', 'ѵνᴠ'],
  ['w', 'ԝѡᴡ'],
  ['x', 'хχ'],
  ['y', 'уүʏ'],
  ['z', 'ᴢ'],
  ['A', 'АΑ'],
  ['B', 'ВΒ'],
  ['C', 'СϹ'],
  ['E', 'ЕΕ'],
  ['H', 'НΗ'],
  ['I', 'ІΙ'],
  ['J', 'Ј'],
  ['K', 'КΚ'],
  ['M', 'МΜ'],
  ['N', 'Ν'],
  ['O', 'ОΟ'],
  ['P', 'РΡ'],
  ['S', 'Ѕ'],
  ['T', 'ТΤ'],
  ['X', 'ХΧ'],
  ['Y', 'ҮΥ'],
  ['Z', 'Ζ'],
];

const LATIN = new Map(LOOK_LIKE.flatMap(([latin, others]) => [...others].map((other) => [other, latin] as const)));

const FOREIGN = new RegExp(`[${[...LATIN.keys()].join('')}]`, 'gu');

/** The text with every letter that only looks Latin made Latin. For comparing, never for showing. */
export const foldConfusables = (text: string): string => text.replace(FOREIGN, (letter) => LATIN.get(letter) ?? letter);

const LATIN_LETTERS = /[a-z]/gi;

/** A word of Latin letters with one in it that only looks so: nobody types that. `Δt` and `µs` are none. */
export const isMixed = (word: string): boolean => {
  const foreign = word.match(FOREIGN)?.length ?? 0;
  return foreign > 0 && (word.match(LATIN_LETTERS)?.length ?? 0) >= 2;
};
