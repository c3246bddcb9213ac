/** What a reviewer does not see, or sees in another order: format and control characters, fillers, selectors, unassigned ones. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** A text of which every character is what it seems: whatever hides becomes its JSON escape. Line feeds stay. */
export const escapeHidden = (text: string): string =>
  text.replace(HIDDEN, (character) => (character === '\n' ? character : escaped(character)));

const escaped = (character: string): string =>
  [...Array(character.length).keys()]
    .map((unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`)
    .join('');
