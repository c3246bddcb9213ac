/**
 * What differs between models of one provider. Data, because it changes monthly; a model that no row knows is treated as the
 * newest of its kind.
 */
export interface ModelFacts {
  /** Most tokens the model will write. */
  readonly maxOutput: number;
  /** `budget`: a number of tokens; `adaptive`: an effort; `none`: does not think. */
  readonly thinking: 'budget' | 'adaptive' | 'none';
  /** What says that it should not think. `omit`: it only does when asked. `never`: nothing keeps it from thinking. */
  readonly thinkingOff: 'omit' | 'disabled' | 'between_tools' | 'never';
  /** The effort `xhigh` exists between `high` and its maximum. */
  readonly xhigh: boolean;
  /** Which of temperature and top_p it takes. */
  readonly sampling: 'both' | 'one' | 'none';
  /** Takes a JSON schema for its answer, and tools that keep to theirs. */
  readonly jsonSchema: boolean;
  /** A last message by the assistant is continued. */
  readonly prefill: boolean;
  /** A tool can be forced. */
  readonly forcedTools: boolean;
}

/** The first of the models that take a budget. */
const BUDGET: ModelFacts = {
  maxOutput: 64_000,
  thinking: 'budget',
  thinkingOff: 'omit',
  xhigh: false,
  sampling: 'both',
  jsonSchema: false,
  prefill: true,
  forcedTools: true,
};

/** The models that decide themselves how long to think, as the newest of them are. */
const ADAPTIVE: ModelFacts = {
  maxOutput: 128_000,
  thinking: 'adaptive',
  thinkingOff: 'never',
  xhigh: true,
  sampling: 'none',
  jsonSchema: true,
  prefill: false,
  forcedTools: true,
};

/**
 * Sources, read 2026-11-20: platform.claude.com, "Models overview", "Troubleshooting thinking" (which `thinking.type` a model
 * refuses), "Effort" (which levels it has), "Structured outputs", "Errors" (prefill), and the models' migration guides.
 */
const CLAUDE: readonly (readonly [RegExp, ModelFacts])[] = [
  [/claude-3-(?:haiku|opus|sonnet)/, { ...BUDGET, maxOutput: 4096, thinking: 'none' }],
  [/claude-3-5/, { ...BUDGET, maxOutput: 8192, thinking: 'none' }],
  [/claude-3-7|claude-sonnet-4-(?:0|2025)|claude-sonnet-4$/, BUDGET],
  [/claude-opus-4-(?:0|1|2025)|claude-opus-4$/, { ...BUDGET, maxOutput: 32_000, sampling: 'one' }],
  [/claude-(?:sonnet|haiku|opus)-4-5/, { ...BUDGET, sampling: 'one', jsonSchema: true }],
  [/claude-sonnet-4-6/, { ...ADAPTIVE, maxOutput: 64_000, thinkingOff: 'omit', xhigh: false, sampling: 'one' }],
  [/claude-opus-4-6/, { ...ADAPTIVE, thinkingOff: 'omit', xhigh: false, sampling: 'one' }],
  [/claude-opus-4-[78]/, { ...ADAPTIVE, thinkingOff: 'omit' }],
  [/claude-sonnet-5-5/, { ...ADAPTIVE, thinkingOff: 'between_tools', forcedTools: false }],
  [/claude-opus-5-5/, ADAPTIVE],
  [/claude-(?:opus-5|sonnet-5|haiku-5-5)/, { ...ADAPTIVE, thinkingOff: 'disabled' }],
  [/claude/, ADAPTIVE],
];

/** Someone else's model behind an API of Anthropic's form: what it can't take it has to say itself. */
const UNKNOWN: ModelFacts = { ...BUDGET, maxOutput: Number.MAX_SAFE_INTEGER, thinking: 'none', jsonSchema: true };

/** Also for Bedrock's names: `us.anthropic.claude-…`, and inference profiles that hold such a name. */
export const claudeFacts = (model: string): ModelFacts =>
  CLAUDE.find(([pattern]) => pattern.test(model))?.[1] ?? UNKNOWN;
