import type { LlmRequest } from '../core/llm.ts';
import type { BedrockFacts } from './bedrock-facts.ts';
import type { Reasoning } from './bedrock-reasoning.ts';
import type { Json } from './provider.ts';

/** Of a model of Claude's that thinks: anything lower is an error (R76). */
const LEAST_TOP_P_THINKING = 0.95;

/** `inferenceConfig`: R54, R55–R57, R59, R72, R76. What is changed is named, as what is left out is. */
export const inference = (
  prompt: LlmRequest,
  facts: BedrockFacts,
  { active, budget }: Reasoning,
  dropped: Set<string>,
): Json => {
  const { temperature, topP, maxTokens: wanted } = prompt;
  const sampling = facts.claude?.sampling ?? 'both';
  const isSampled = sampling !== 'none' && !(facts.claude !== undefined && active);
  const isNarrowed = isSampled || (sampling !== 'none' && topP !== undefined && topP >= LEAST_TOP_P_THINKING);
  const takesTopP = isNarrowed && (sampling !== 'one' || temperature === undefined);
  const stops = prompt.stop.filter((stop) => stop.trim() !== '');
  if (stops.length < prompt.stop.length) dropped.add('stop (blank)');
  if (temperature !== undefined && !isSampled && temperature !== 1) dropped.add('temperature');
  if (temperature !== undefined && isSampled && temperature > 1) dropped.add('temperature (above 1)');
  if (topP !== undefined && !takesTopP) dropped.add('top_p');
  return {
    ...(wanted === undefined ? {} : { maxTokens: limit(wanted, facts, budget, dropped) }),
    ...(temperature === undefined || !isSampled ? {} : { temperature: Math.min(temperature, 1) }),
    ...(topP === undefined || !takesTopP ? {} : { topP }),
    ...(stops.length === 0 ? {} : { stopSequences: stops }),
  };
};

/** Within what the model can write, with room for the answer besides the thinking. */
const limit = (wanted: number, { claude }: BedrockFacts, budget: number, dropped: Set<string>): number => {
  const needed = wanted > budget ? wanted : wanted + budget;
  if (needed > wanted) dropped.add('max_tokens (raised for thinking)');
  const most = claude?.maxOutput ?? Number.MAX_SAFE_INTEGER;
  if (wanted > most) dropped.add(`max_tokens (above ${most})`);
  return Math.min(needed, most);
};

/** For `additionalModelRequestFields` (R62). */
export const topK = (
  { topK: k }: LlmRequest,
  facts: BedrockFacts,
  { active }: Reasoning,
  dropped: Set<string>,
): Json => {
  if (k === undefined) return {};
  if (facts.topK === 'none' || facts.claude?.sampling === 'none' || (facts.claude !== undefined && active)) {
    dropped.add('top_k');
    return {};
  }
  return facts.topK === 'inferenceConfig.topK' ? { inferenceConfig: { topK: k } } : { [facts.topK]: k };
};

const TIERS = new Map([
  ['priority', 'priority'],
  ['flex', 'flex'],
  ['default', 'default'],
  ['standard_only', 'default'],
]);

/** R64: the names differ. `auto`, and the default that all have, need no words. */
export const serviceTier = ({ serviceTier: tier }: LlmRequest, { tiers }: BedrockFacts, dropped: Set<string>): Json => {
  if (tier === undefined || tier === 'auto') return {};
  const theirs = TIERS.get(tier);
  if (theirs !== undefined && tiers) return { serviceTier: { type: theirs } };
  if (theirs !== 'default') dropped.add('service_tier');
  return {};
};
