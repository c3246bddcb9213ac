/** Words in an order, with a few others between them. Matched word by word: time grows with the text and nothing else. */
export interface Phrase {
  readonly steps: readonly { readonly words: ReadonlySet<string>; readonly gap: number }[];
  readonly unless: ReadonlySet<string>;
}

/**
 * Reads `ignore|forget ~3 previous|prior ~2 instructions !server`: `|` between words that are as good as each other, `~3` for up
 * to three words that do not matter, `!` before a word that, soon after, makes the phrase harmless.
 */
export const parsePhrase = (written: string): Phrase => {
  const steps: { words: Set<string>; gap: number }[] = [];
  const unless = new Set<string>();
  let gap = 0;
  for (const part of written.split(' ')) {
    if (part.startsWith('~')) gap = Number(part.slice(1));
    else if (part.startsWith('!')) for (const word of part.slice(1).split('|')) unless.add(word);
    else {
      steps.push({ words: new Set(part.split('|')), gap });
      gap = 0;
    }
  }
  return { steps, unless };
};

/** How far after a phrase its `!` words count. */
const SOON = 5;

const endOf = ({ steps, unless }: Phrase, words: readonly string[], start: number): number | undefined => {
  // Every place where a step can end: taking only the first would miss `ignore all of the previous, all instructions`.
  let ends = [start];
  for (const { words: accepted, gap } of steps.slice(1)) {
    const next = new Set<number>();
    for (const end of ends) {
      for (let at = end + 1; at <= end + 1 + gap && at < words.length; at++) {
        if (accepted.has(words[at] ?? '')) next.add(at);
      }
    }
    if (next.size === 0) return undefined;
    ends = [...next];
  }
  return ends.find(
    (end) => unless.size === 0 || !words.slice(end + 1, end + 1 + SOON).some((word) => unless.has(word)),
  );
};

/** Finds which of many phrases stand in a text. Shape: `labelled` is label → phrases as `parsePhrase` reads them. */
export const createPhraseFinder = <Label extends string>(labelled: Readonly<Record<Label, readonly string[]>>) => {
  const byFirst = new Map<string, { readonly label: Label; readonly phrase: Phrase }[]>();
  const vocabulary = new Set<string>();
  for (const [label, phrases] of Object.entries(labelled) as [Label, readonly string[]][]) {
    for (const phrase of phrases.map(parsePhrase)) {
      for (const word of phrase.steps[0]?.words ?? []) {
        const known = byFirst.get(word) ?? [];
        known.push({ label, phrase });
        byFirst.set(word, known);
      }
      for (const { words } of phrase.steps) for (const word of words) vocabulary.add(word);
    }
  }
  return {
    vocabulary: vocabulary as ReadonlySet<string>,
    find(words: readonly string[]): ReadonlySet<Label> {
      const found = new Set<Label>();
      for (const [start, word] of words.entries()) {
        for (const { label, phrase } of byFirst.get(word) ?? []) {
          if (!found.has(label) && endOf(phrase, words, start) !== undefined) found.add(label);
        }
      }
      return found;
    },
  };
};
