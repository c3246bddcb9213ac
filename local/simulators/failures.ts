/** Troubles that every provider words in its own way. */
export type Trouble =
  | 'malformed-json'
  | 'key-missing'
  | 'key-rejected'
  | 'path-unknown'
  | 'rate-limited'
  | 'quota'
  | 'failed'
  | 'unavailable'
  | 'overloaded';

/** What a model's name asks to go wrong. */
export type Failure =
  | { readonly type: 'refuse'; readonly trouble: Trouble }
  /** Not even headers for this long; then the normal answer. */
  | { readonly type: 'slow'; readonly ms: number }
  /** A pause before each frame of a stream. */
  | { readonly type: 'paced'; readonly ms: number }
  /** Half of the answer, then the socket is destroyed. */
  | { readonly type: 'cut' }
  /** The socket is destroyed before any byte. */
  | { readonly type: 'drop' }
  /** Half of the answer, then silence until the client leaves. */
  | { readonly type: 'stall' }
  /** Half of a stream, then the provider's own error event. */
  | { readonly type: 'error-mid' }
  /** A success without content. */
  | { readonly type: 'empty' }
  /** A success that is a web page. */
  | { readonly type: 'html' };

const NAMED = new Map<string, Failure>([
  ['sim-401', { type: 'refuse', trouble: 'key-rejected' }],
  ['sim-429', { type: 'refuse', trouble: 'rate-limited' }],
  ['sim-quota', { type: 'refuse', trouble: 'quota' }],
  ['sim-500', { type: 'refuse', trouble: 'failed' }],
  ['sim-503', { type: 'refuse', trouble: 'unavailable' }],
  ['sim-529', { type: 'refuse', trouble: 'overloaded' }],
  ['sim-slow', { type: 'slow', ms: 120_000 }],
  ['sim-cut', { type: 'cut' }],
  ['sim-drop', { type: 'drop' }],
  ['sim-stall', { type: 'stall' }],
  ['sim-error-mid', { type: 'error-mid' }],
  ['sim-empty', { type: 'empty' }],
  ['sim-html', { type: 'html' }],
]);

/** The failure that a model's name asks for. `sim-slow-<ms>` and `sim-paced-<ms>` give their own time. */
export const failureOf = (model: string): Failure | undefined => {
  const named = NAMED.get(model);
  if (named !== undefined) return named;
  const timed = /^sim-(slow|paced)-(\d{1,6})$/.exec(model);
  return timed === null ? undefined : { type: timed[1] === 'slow' ? 'slow' : 'paced', ms: Number(timed[2]) };
};
