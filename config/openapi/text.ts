/** O12: what a model reads of one tool or one member. */
const MAX_CHARACTERS = 1024;

/** Control characters, bidirectional controls, tags and spaces without width: people don't see them and models read them. */
const HIDDEN = /[\p{Cc}\u200B\u2060-\u2064\u202A-\u202E\u2066-\u2069\uFEFF\u{E0000}-\u{E007F}]/gu;

const isPlainSpace = (character: string): boolean => character === '\n' || character === '\t' || character === '\r';

export const hasHidden = (text: string): boolean => [...text.matchAll(HIDDEN)].some(([found]) => !isPlainSpace(found));

/** A description as it may be shown to a model: visible, and of bounded length (O12, O13). */
export const cleanText = (text: string, most = MAX_CHARACTERS): string => {
  const visible = text.replace(HIDDEN, (found) => (isPlainSpace(found) ? found : '')).trim();
  return visible.length <= most
    ? visible
    : `${visible
        .slice(0, most - 1)
        .toWellFormed()
        .replace(/\uFFFD$/, '')}…`;
};
