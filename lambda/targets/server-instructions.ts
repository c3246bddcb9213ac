/** Of one server's text. Less is shown: what is hidden in it takes room too. In UTF-16 code units. */
const MAX_CHARS = 8_192;

/** `instructions` as an `initialize` or a `server/discover` answered it, cut to what is worth keeping; empty is none. */
export const instructionsIn = (answered: unknown): { readonly instructions?: string } =>
  typeof answered === 'string' && answered.trim() !== '' ? { instructions: answered.slice(0, MAX_CHARS) } : {};
