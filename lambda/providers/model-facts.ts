/**
 * What differs between models of one provider. Data, because it changes monthly; a model that no row knows is treated as the
 * newest of its kind.
 */
export interface ModelFacts {
  /** Most tokens the model will write. */
  readonly maxOutput: number;
  /** `budget`: a number of tokens; `adaptive`: an effort; `none`: does not think. */
  readonly thinking: 'budget' | 'adaptive' | 'none';
  /** Which of temperature and top_p it takes. */
  readonly sampling: 'both' | 'one' | 'none';
  /** Takes a JSON schema for its answer. */
  readonly jsonSchema: boolean;
  /** A last message by the assistant is continued. */
  readonly prefill: boolean;
}

const CLAUDE: readonly (readonly [RegExp, ModelFacts])[] = [
  [
    /claude-3-(?:haiku|opus|sonnet)/,
    { maxOutput: 4096, thinking: 'none', sampling: 'both', jsonSchema: false, prefill: true },
  ],
  [/claude-3-5/, { maxOutput: 8192, thinking: 'none', sampling: 'both', jsonSchema: false, prefill: true }],
  [
    /claude-3-7|claude-sonnet-4-(?:0|2025)|claude-sonnet-4$/,
    { maxOutput: 64_000, thinking: 'budget', sampling: 'both', jsonSchema: false, prefill: true },
  ],
  [
    /claude-opus-4-(?:0|1|2025)|claude-opus-4$/,
    { maxOutput: 32_000, thinking: 'budget', sampling: 'one', jsonSchema: false, prefill: true },
  ],
  [
    /claude-(?:sonnet|haiku|opus)-4-5/,
    { maxOutput: 64_000, thinking: 'budget', sampling: 'one', jsonSchema: true, prefill: true },
  ],
  [/claude/, { maxOutput: 64_000, thinking: 'adaptive', sampling: 'one', jsonSchema: true, prefill: false }],
];

const UNKNOWN: ModelFacts = { maxOutput: 8192, thinking: 'none', sampling: 'both', jsonSchema: true, prefill: true };

/** Also for Bedrock's names: `us.anthropic.claude-…`, and inference profiles that hold such a name. */
export const claudeFacts = (model: string): ModelFacts =>
  CLAUDE.find(([pattern]) => pattern.test(model))?.[1] ?? UNKNOWN;
