/** What hides in a text, and what it says to whoever reads code points instead of glyphs. */
export interface Unhidden {
  /** NFKC, without anything that is not seen. */
  readonly text: string;
  readonly found: ReadonlySet<'hidden-text' | 'odd-direction' | 'terminal-codes'>;
  /** Letters that were written in invisible characters: Unicode tags, or bytes as variation selectors. */
  readonly smuggled: readonly string[];
}

/** England, Scotland, Wales: the only use that tag characters have. */
const TAG_FLAG =
  /\u{1f3f4}\u{e0067}\u{e0062}(?:\u{e0065}\u{e006e}\u{e0067}|\u{e0073}\u{e0063}\u{e0074}|\u{e0077}\u{e006c}\u{e0073})\u{e007f}/gu;
const TAGS = /[\u{e0000}-\u{e007f}]+/gu;
/** One selector belongs to what stands before it. More of them in a row select nothing. */
const SELECTOR_RUN = /\p{Variation_Selector}{2,}/gu;
const LONE_SUPPLEMENT = /(?<!\p{Script=Han})[\u{e0100}-\u{e01ef}]/u;
/** Joins people and colours into one emoji, and letters of scripts whose forms depend on it. */
const HONEST_JOINER =
  /(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Variation_Selector}])\u200d(?=\p{Extended_Pictographic})/gu;
const JOINED_SCRIPTS =
  /(?<=[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{M}])[\u200c\u200d]/gu;
const UNSEEN =
  /(?![\u00ad\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|\p{Variation_Selector})[\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/gu;
/** Turn text around: overrides, embeddings, isolates. The two marks, U+200E and U+200F, are ordinary in Arabic and Hebrew. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/gu;
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}]/u;
const OVERRIDE = /[\u202d\u202e]/u;
/** Obeyed by terminals: a text can erase itself from the screen of whoever reviews it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const TERMINAL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/gu;
const IGNORED = /[\u00ad\u061c\u200e\u200f\p{Variation_Selector}]/gu;
/** What some editors put before every file. */
const LEADING_MARK = /^\ufeff/;

const fromTags = (run: string): string =>
  [...run].map((tag) => String.fromCodePoint(Math.max(0x20, (tag.codePointAt(0) ?? 0) - 0xe0000))).join('');

const fromSelectors = (run: string): string =>
  Buffer.from(
    [...run].map((selector) => {
      const code = selector.codePointAt(0) ?? 0;
      return code >= 0xe0100 ? code - 0xe0100 + 16 : code - 0xfe00;
    }),
  ).toString('utf8');

/** Takes out of a text what nobody sees, and says what that was (T5). */
export const unhide = (written: string): Unhidden => {
  const found = new Set<'hidden-text' | 'odd-direction' | 'terminal-codes'>();
  const smuggled: string[] = [];
  const take = (text: string, hidden: RegExp, read?: (run: string) => string): string =>
    text.replace(hidden, (run) => {
      found.add('hidden-text');
      if (read !== undefined) smuggled.push(read(run));
      return '';
    });

  let text = written.replace(LEADING_MARK, '').replace(TAG_FLAG, '\u{1f3f4}');
  text = take(text, TAGS, fromTags);
  text = take(text, SELECTOR_RUN, fromSelectors);
  if (LONE_SUPPLEMENT.test(text)) found.add('hidden-text');
  text = take(text.replace(HONEST_JOINER, '').replace(JOINED_SCRIPTS, ''), UNSEEN);
  if (OVERRIDE.test(text) || (text.search(TURNING) !== -1 && !RIGHT_TO_LEFT.test(text))) found.add('odd-direction');
  if (text.search(TERMINAL) !== -1) found.add('terminal-codes');
  text = text.replace(TURNING, '').replace(IGNORED, '').replace(TERMINAL, ' ');
  return { text: text.normalize('NFKC'), found, smuggled };
};
