/** How a model is told how much to think: a number of tokens, a word, or not at all. */
export type GeminiThinking =
  /** `off`: a budget of 0 is taken and turns thinking off. `min` and `max` in tokens. */
  | { readonly by: 'budget'; readonly min: number; readonly max: number; readonly off: boolean }
  | { readonly by: 'level'; readonly levels: readonly GeminiLevel[] }
  | { readonly by: 'nothing' };

export type GeminiLevel = 'minimal' | 'low' | 'medium' | 'high';

/**
 * What differs between Gemini models. Data, because it changes monthly; a Gemini that no row knows is treated as the newest.
 * Source: the pages "Thinking", "Models" and "What's new" of https://ai.google.dev/gemini-api/docs, read in November 2026.
 */
export interface GeminiFacts {
  /** Most tokens the model will write. */
  readonly maxOutput: number;
  readonly thinking: GeminiThinking;
  /** From 3 on calls have ids and signed thoughts (R83), tools go with JSON answers (R70), and results may hold media (R44). */
  readonly generation: 2 | 3;
  /** Takes JSON Schema as it is; otherwise only a subset of OpenAPI's (R19). */
  readonly jsonSchema: boolean;
  /** Heeds temperature, top_p and top_k. */
  readonly sampling: boolean;
  /** Takes frequency and presence penalties; all others refuse them with a 400. */
  readonly penalties: boolean;
  /** A last message by the model is continued; others refuse it with a 400. */
  readonly prefill: boolean;
}

const budget = (min: number, max: number, off: boolean): GeminiFacts => ({
  maxOutput: 65_536,
  thinking: { by: 'budget', min, max, off },
  generation: 2,
  jsonSchema: true,
  sampling: true,
  penalties: false,
  prefill: true,
});

/** `steady` models heed neither sampling parameters nor an answer that was begun for them. */
const level = (levels: readonly GeminiLevel[], kind: 'sampled' | 'steady'): GeminiFacts => ({
  maxOutput: 65_536,
  thinking: { by: 'level', levels },
  generation: 3,
  jsonSchema: true,
  sampling: kind === 'sampled',
  penalties: false,
  prefill: kind === 'sampled',
});

/** Gemma and whatever else is served under the same API. */
const UNKNOWN: GeminiFacts = {
  maxOutput: 65_536,
  thinking: { by: 'nothing' },
  generation: 2,
  jsonSchema: true,
  sampling: true,
  penalties: false,
  prefill: true,
};

const ALL_LEVELS: readonly GeminiLevel[] = ['minimal', 'low', 'medium', 'high'];

const GEMINI: readonly (readonly [RegExp, GeminiFacts])[] = [
  [/gemini-(?:1\.|2\.0)/, { ...UNKNOWN, maxOutput: 8192, jsonSchema: false, penalties: true }],
  [/gemini-2\.5-pro/, budget(128, 32_768, false)],
  [/gemini-2\.5-flash-lite/, budget(512, 24_576, true)],
  [/gemini-2\.5/, budget(1, 24_576, true)],
  [/gemini-3-pro/, level(['low', 'high'], 'sampled')],
  [/gemini-3\.1-pro/, level(['low', 'medium', 'high'], 'sampled')],
  [/gemini-3\.5-flash-lite|gemini-3\.6/, level(ALL_LEVELS, 'steady')],
  [/gemini-3-flash|gemini-3\.1|gemini-3\.5/, level(ALL_LEVELS, 'sampled')],
  [/gemini/, level(['low', 'medium', 'high'], 'steady')],
];

export const geminiFacts = (model: string): GeminiFacts =>
  GEMINI.find(([pattern]) => pattern.test(model))?.[1] ?? UNKNOWN;
