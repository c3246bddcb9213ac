import type { Effort, LlmRequest } from '../core/llm.ts';
import type { GeminiFacts, GeminiLevel, GeminiThinking } from './gemini-facts.ts';
import type { Drop } from './gemini-parameters.ts';
import { toOpenApiSchema } from './gemini-schema.ts';
import type { Json } from './provider.ts';
import { effortOf, isOff } from './reasoning.ts';

/** `generationConfig`, without what is not set (R57). Source: Gemini API reference, v1beta, "GenerationConfig". */
export const writeGeminiConfig = (prompt: LlmRequest, facts: GeminiFacts, drop: Drop): Json => ({
  ...limit(prompt, facts, drop),
  ...sampling(prompt, facts, drop),
  ...penalties(prompt, facts, drop),
  ...(stopsOf(prompt).length === 0 ? {} : { stopSequences: stopsOf(prompt) }),
  ...(prompt.seed === undefined ? {} : { seed: prompt.seed | 0 }), // An int32 there; the same seed stays the same.
  ...structured(prompt, facts),
  ...thinking(prompt, facts.thinking, drop),
  ...resolution(prompt, facts, drop),
});

/** R58, R59: unlike others, Gemini stops at white space where that is asked for. */
export const stopsOf = ({ stop }: LlmRequest): readonly string[] => stop.filter((one) => one !== '');

/** R54: what is asked above the model's own limit is cut to it, and named. */
const limit = ({ maxTokens }: LlmRequest, { maxOutput }: GeminiFacts, drop: Drop): Json => {
  if (maxTokens === undefined) return {};
  if (maxTokens > maxOutput) drop('max_tokens', `above ${maxOutput}`);
  return { maxOutputTokens: Math.min(maxTokens, maxOutput) };
};

const sampling = ({ temperature, topP, topK }: LlmRequest, facts: GeminiFacts, drop: Drop): Json => {
  const takes = (name: string, value: number | undefined): value is number => {
    if (value !== undefined && !facts.sampling) drop(name); // R56
    return value !== undefined && facts.sampling;
  };
  return {
    ...(takes('temperature', temperature) ? { temperature } : {}),
    ...(takes('top_p', topP) ? { topP } : {}),
    ...(takes('top_k', topK) && topK > 0 ? { topK } : {}), // 0 is how some say that all tokens count.
  };
};

/** The API takes −2 up to, but not including, 2. */
const MAX_PENALTY = 1.99;

/** R61: for most models a penalty is a 400, but 0 asks for nothing. */
const penalties = ({ presencePenalty, frequencyPenalty }: LlmRequest, facts: GeminiFacts, drop: Drop): Json => {
  const penalty = (name: string, field: string, value: number | undefined): Json => {
    if (value === undefined || value === 0) return {};
    if (!facts.penalties) drop(name);
    else if (value > MAX_PENALTY) drop(name, `above ${MAX_PENALTY}`);
    return facts.penalties ? { [field]: Math.min(value, MAX_PENALTY) } : {};
  };
  return {
    ...penalty('presence_penalty', 'presencePenalty', presencePenalty),
    ...penalty('frequency_penalty', 'frequencyPenalty', frequencyPenalty),
  };
};

/** R70: up to 2.5 a JSON answer and tools exclude each other. */
export const takesFormat = ({ responseFormat, tools }: LlmRequest, { generation }: GeminiFacts): boolean =>
  responseFormat !== undefined && (generation > 2 || tools.length === 0);

const structured = (prompt: LlmRequest, facts: GeminiFacts): Json => {
  const { responseFormat } = prompt;
  if (responseFormat === undefined || !takesFormat(prompt, facts)) return {};
  const json = { responseMimeType: 'application/json' }; // R69
  if (responseFormat.type === 'json' || Object.keys(responseFormat.schema).length === 0) return json;
  const { schema } = responseFormat;
  return facts.jsonSchema
    ? { ...json, responseJsonSchema: schema }
    : { ...json, responseSchema: toOpenApiSchema(schema, 'response_format') };
};

/** What an effort is worth in tokens; within what the model takes. */
const BUDGETS: Readonly<Record<Exclude<Effort, 'none' | 'minimal'>, number>> = {
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
};

/** R75: a budget or a level, never both. */
const thinking = ({ reasoning }: LlmRequest, how: GeminiThinking, drop: Drop): Json => {
  if (reasoning === undefined) return {};
  if (how.by === 'nothing') {
    if (!isOff(reasoning)) drop('reasoning_effort'); // R73
    return {};
  }
  const amount = how.by === 'budget' ? budget(reasoning, how, drop) : level(reasoning, how.levels, drop);
  return { thinkingConfig: { ...amount, ...(isOff(reasoning) ? {} : { includeThoughts: true }) } };
};

type Reasoning = NonNullable<LlmRequest['reasoning']>;

const budget = (
  { effort, budgetTokens }: Reasoning,
  { min, max, off }: Extract<GeminiThinking, { by: 'budget' }>,
  drop: Drop,
): Json => {
  if (effort === 'none' || effort === 'minimal') {
    if (!off) drop('reasoning_effort', `at least ${min} tokens`);
    return { thinkingBudget: off ? 0 : min };
  }
  if (budgetTokens === undefined) return effort === undefined ? {} : { thinkingBudget: Math.min(BUDGETS[effort], max) };
  const thinkingBudget = Math.max(min, Math.min(budgetTokens, max));
  if (thinkingBudget !== budgetTokens) drop('reasoning_effort', `as ${thinkingBudget} tokens`);
  return { thinkingBudget };
};

const LEVELS: readonly GeminiLevel[] = ['minimal', 'low', 'medium', 'high'];

/** The level that was asked for, or the next one up that the model has. */
const level = (reasoning: Reasoning, levels: readonly GeminiLevel[], drop: Drop): Json => {
  if (reasoning.effort === undefined && reasoning.budgetTokens === undefined) return {};
  const asked = effortOf(reasoning); // R74
  const wanted = asked === 'none' ? 'minimal' : asked === 'xhigh' ? 'high' : asked;
  const thinkingLevel = levels.find((one) => LEVELS.indexOf(one) >= LEVELS.indexOf(wanted)) ?? 'high';
  if (asked === 'none' || thinkingLevel !== wanted) drop('reasoning_effort', `as ${thinkingLevel}`);
  return { thinkingLevel };
};

const RESOLUTIONS: ReadonlyMap<string, string> = new Map([
  ['low', 'MEDIA_RESOLUTION_LOW'],
  ['high', 'MEDIA_RESOLUTION_HIGH'],
]);

/** R89: one resolution for all images, so only where they agree. `auto` is what happens anyway. */
const resolution = ({ messages }: LlmRequest, { generation }: GeminiFacts, drop: Drop): Json => {
  const details = new Set<string>();
  for (const { content } of messages)
    for (const block of content) if (block.type === 'image') details.add(block.detail ?? 'auto');
  const asked = [...details].filter((detail) => detail !== 'auto');
  if (asked.length === 0) return {};
  const mediaResolution = details.size === 1 ? RESOLUTIONS.get(asked[0] ?? '') : undefined;
  if (mediaResolution === undefined || generation < 3) {
    drop('detail');
    return {};
  }
  return { mediaResolution };
};
