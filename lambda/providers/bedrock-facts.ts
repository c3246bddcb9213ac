import { claudeFacts, type ModelFacts } from './model-facts.ts';

/** What differs between the models behind Converse. Data, because it changes monthly. */
export interface BedrockFacts {
  /** What Claude takes besides; absent for every other family. */
  readonly claude: ModelFacts | undefined;
  /** Which tool choices it takes (R29). `auto` is also what every model does unasked. */
  readonly choices: 'none' | 'any' | 'any-and-tool';
  /** Where it takes cache points (R97). */
  readonly cache: 'none' | 'without-tools' | 'everywhere';
  /** Its cache can live for an hour (R96). */
  readonly hourCache: boolean;
  readonly images: boolean;
  /** Takes a JSON schema for its answer, and tools that keep to theirs. */
  readonly jsonSchema: boolean;
  /** A last message by the assistant is continued. */
  readonly prefill: boolean;
  /** Takes back what it thought in earlier turns. Others sign in ways that cannot be told from Claude's (R80). */
  readonly takesThinking: boolean;
  /** How it is told to reason (R77). */
  readonly reasoning: 'none' | 'claude' | 'nova' | 'flat-effort' | 'nested-effort';
  /** Where `top_k` goes in `additionalModelRequestFields` (R62). */
  readonly topK: 'none' | 'top_k' | 'k' | 'inferenceConfig.topK';
  /** Takes a `serviceTier` other than the default (R64). */
  readonly tiers: boolean;
}

/** A name that no row knows gets nothing that most models refuse. */
const PLAIN: BedrockFacts = {
  claude: undefined,
  choices: 'none',
  cache: 'none',
  hourCache: false,
  images: true,
  jsonSchema: false,
  prefill: true,
  takesThinking: false,
  reasoning: 'none',
  topK: 'none',
  tiers: false,
};

/** An ARN that does not say which model is behind it is asked as the caller asks: Bedrock will say what can't be. */
const HIDDEN: BedrockFacts = {
  ...PLAIN,
  choices: 'any-and-tool',
  cache: 'everywhere',
  hourCache: true,
  jsonSchema: true,
  takesThinking: true,
  tiers: true,
};

const NOVA: BedrockFacts = {
  ...PLAIN,
  choices: 'any-and-tool',
  cache: 'without-tools',
  topK: 'inferenceConfig.topK',
  tiers: true,
};

/** Models with open weights that Bedrock runs itself. */
const OPEN: BedrockFacts = { ...PLAIN, images: false, jsonSchema: true, tiers: true };

/**
 * Sources, read 2026-11-20: Amazon Bedrock user guide, "Supported models and model features" of Converse, "Prompt caching",
 * "Structured outputs", "Service tiers"; API reference, `ToolChoice`; Amazon Nova user guides, "Tool use" and "Extended
 * thinking". Which effort GPT models take: github.com/anomalyco/opencode/pull/48195.
 */
const ROWS: readonly (readonly [RegExp, BedrockFacts])[] = [
  [/amazon\.nova-2/, { ...NOVA, reasoning: 'nova' }],
  [/amazon\.nova-micro/, { ...NOVA, images: false }],
  [/amazon\.nova/, NOVA],
  [/amazon\.titan/, { ...PLAIN, images: false }],
  [/meta\.llama(?:3-2-(?:11|90)b|4)/, PLAIN],
  [/meta\.llama/, { ...PLAIN, images: false }],
  [/mistral\.pixtral/, PLAIN],
  [/mistral\.(?:mistral-large-3|ministral|magistral|voxtral)/, { ...OPEN, choices: 'any', images: true }],
  [/mistral\.mistral-large/, { ...PLAIN, choices: 'any', images: false, topK: 'top_k' }],
  [/mistral\./, { ...PLAIN, images: false, topK: 'top_k' }],
  [/cohere\.command-r/, { ...PLAIN, images: false, topK: 'k' }],
  [/(?:cohere|ai21)\./, { ...PLAIN, images: false }],
  [/deepseek\.r1/, { ...PLAIN, images: false }],
  [/openai\.gpt-oss/, { ...OPEN, reasoning: 'flat-effort' }],
  [/moonshot(?:ai)?\./, { ...OPEN, images: true, reasoning: 'flat-effort' }],
  [/openai\./, { ...PLAIN, reasoning: 'nested-effort' }],
  [/(?:google\.gemma|nvidia|qwen)\b/, { ...OPEN, images: true }],
  [/(?:deepseek|minimax|zai)\./, OPEN],
];

/** Claude keeps a cache for an hour from version 4.5 on, where it also began to take schemas. */
const claude = (facts: ModelFacts, model: string): BedrockFacts => ({
  claude: facts,
  choices: facts.forcedTools ? 'any-and-tool' : 'none',
  cache: /claude-(?:3-(?:haiku|opus|sonnet)|instant|v2)/.test(model) ? 'none' : 'everywhere',
  hourCache: facts.jsonSchema,
  images: !/claude-(?:3-5-haiku|instant|v2)/.test(model),
  jsonSchema: facts.jsonSchema,
  prefill: facts.prefill,
  takesThinking: true,
  reasoning: 'claude',
  topK: 'top_k',
  tiers: false,
});

/**
 * The facts of a model by any of its names: `anthropic.claude-…`, `us.anthropic.claude-…`, and ARNs that hold such a name (R97).
 */
export const bedrockFacts = (model: string): BedrockFacts => {
  if (/anthropic\.claude/.test(model)) return claude(claudeFacts(model), model);
  const known = ROWS.find(([pattern]) => pattern.test(model))?.[1];
  return known ?? (model.startsWith('arn:') ? HIDDEN : PLAIN);
};
