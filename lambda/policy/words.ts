import { foldConfusables } from './confusables.ts';

/** `i g n o r e`: letters that only a person reads as a word. */
const SPACED = /(?<![\p{L}\p{N}])(?:\p{L}[ .\-_]){3,}\p{L}(?![\p{L}\p{N}])/gu;

const WORD = /[\p{L}\p{M}\p{N}]+(?:['\u2019][\p{L}]+)?/gu;

const LEET: Readonly<Record<string, string>> = { 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't' };

/** Nothing in it that could stand for something else. */
const PLAIN = /^[a-z]+$/;

const NEGATED = new Set(['do', 'must', 'should', 'shall', 'may', 'can', 'you']);

/**
 * The words of a text, to be compared: in lower case, `do not`, `must not` and `don't` all `dont`.
 *
 * Shape:  `known` are words that others are read as if they are drawn like them: `1gn0re` is `ignore`, while `utf8` and Russian stay
 *         what they are.
 */
export const toWords = (text: string, known: ReadonlySet<string>): readonly string[] => {
  const plain = text.replace(SPACED, (run) => run.replace(/[ .\-_]/g, ''));
  const words: string[] = [];
  for (const [found] of plain.matchAll(WORD)) {
    const word = asKnown(found, known);
    if (word === 'not' && NEGATED.has(words.at(-1) ?? '')) words[words.length - 1] = 'dont';
    else words.push(word);
  }
  return words;
};

const contracted = (word: string): string => {
  const joined = word.toLowerCase().replace(/['\u2019]/, '');
  return joined === 'mustnt' || joined === 'shouldnt' || joined === 'cannot' || joined === 'cant' ? 'dont' : joined;
};

/** The word itself, or the known one that it is drawn like. */
const asKnown = (found: string, known: ReadonlySet<string>): string => {
  const word = contracted(found);
  if (known.has(word) || PLAIN.test(word)) return word;
  const folded = contracted(foldConfusables(found));
  if (known.has(folded)) return folded;
  const letters = folded.replace(/[013457]/g, (digit) => LEET[digit] ?? digit);
  return known.has(letters) ? letters : word;
};
