import { isMixed } from './confusables.ts';
import { decodeLayers } from './decode-layers.ts';
import { unhide } from './hidden-text.ts';
import { type Signal, WEIGHTS } from './instruction-signals.ts';
import type { ScanRule, Severity } from './scan-finding.ts';
import { hasChatMarkers, signalsIn } from './text-signals.ts';

/**
 * `whole`: everything that is said is weighed together, as in a definition, where a payload may be spread over the parameters.
 * `near`: only what stands close together, as in a result, which may be a book.
 */
export type Weighing = 'whole' | 'near';

export interface ScannedText {
  readonly rules: ReadonlyMap<ScanRule, Severity>;
  /** What was said to the model: each group is to be weighed by itself. */
  readonly signals: readonly ReadonlySet<Signal>[];
}

const WORD = /[\p{L}\p{N}]+/gu;
const MAY_BE_MIXED = /[a-z][^\p{ASCII}]|[^\p{ASCII}][a-z]/iu;

/** Longer than any phrase, so that none is lost between two pieces. */
const OVERLAP_CHARS = 400;
const PIECE_CHARS = 1_200;

/** What any book has: said of a tool it means something, in a document nothing. */
const ORDINARY_IN_DOCUMENTS: ReadonlySet<Signal> = new Set<Signal>([
  'comment',
  'pushed-away',
  'coercion',
  'first-always',
  'through-argument',
]);

export const weigh = (signals: Iterable<Signal>): number =>
  [...signals].reduce((sum, signal) => sum + WEIGHTS[signal], 0);

/** Undefined: not worth a finding. */
export const severityOf = (weight: number): Severity | undefined =>
  weight >= 5 ? 'high' : weight >= 3 ? 'medium' : undefined;

const groupsIn = (text: string, weighing: Weighing): readonly ReadonlySet<Signal>[] =>
  weighing === 'whole'
    ? [signalsIn(text)]
    : [...piecesOf(text)].map((piece) => signalsIn(piece).difference(ORDINARY_IN_DOCUMENTS));

function* piecesOf(text: string): Generator<string> {
  for (let start = 0; start === 0 || start + OVERLAP_CHARS < text.length; start += PIECE_CHARS - OVERLAP_CHARS)
    yield text.slice(start, start + PIECE_CHARS);
}

/** Looks at one text the way a model reads it, not the way it is drawn (T5). Time is linear in its length. */
export const scanText = (written: string, weighing: Weighing): ScannedText => {
  const rules = new Map<ScanRule, Severity>();
  const { text, found, smuggled } = unhide(written);
  for (const rule of found) rules.set(rule, rule === 'terminal-codes' ? 'medium' : 'high');
  if (MAY_BE_MIXED.test(text) && [...text.matchAll(WORD)].some(([word]) => isMixed(word)))
    rules.set('mixed-scripts', 'medium');
  if (hasChatMarkers(text)) rules.set('chat-markers', 'high');

  const signals = groupsIn(text, weighing);
  const said = signals.reduce((all, group) => all.union(group), new Set<Signal>());
  for (const decoded of [...smuggled, ...decodeLayers(text)].map((one) => unhide(one).text)) {
    // What anybody may say openly is odd when it had to be decoded first.
    const isOdd = groupsIn(decoded, weighing).some((group) => weigh(group) >= 2 && !group.isSubsetOf(said));
    if (isOdd) rules.set('encoded-instructions', 'high');
    if (hasChatMarkers(decoded)) rules.set('chat-markers', 'high');
  }
  return { rules, signals };
};
