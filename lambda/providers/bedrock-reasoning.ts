import type { LlmRequest, Message } from '../core/llm.ts';
import { planThinking } from './anthropic-thinking.ts';
import type { BedrockFacts } from './bedrock-facts.ts';
import type { Json } from './provider.ts';
import { effortOf, isOff } from './reasoning.ts';

export interface Reasoning {
  /** The model thinks, asked or not. */
  readonly active: boolean;
  /** Tokens of the output that are for thinking; 0 where the model decides. */
  readonly budget: number;
  /** For `additionalModelRequestFields`. */
  readonly fields: Json;
}

const UNASKED: Reasoning = { active: false, budget: 0, fields: {} };

/**
 * R77: every family has its own words for it; where there are none the wish is named as dropped. `turns` are those that will
 * be sent.
 */
export const planReasoning = (
  prompt: LlmRequest,
  turns: readonly Message[],
  facts: BedrockFacts,
  forcesTool: boolean,
  dropped: Set<string>,
): Reasoning => {
  const { reasoning } = prompt;
  if (facts.claude !== undefined) {
    const { active, budget, fields, effort } = planThinking(prompt, turns, facts.claude, forcesTool, dropped);
    return { active, budget, fields: effort === undefined ? fields : { ...fields, output_config: { effort } } };
  }
  if (reasoning === undefined) return UNASKED;
  switch (facts.reasoning) {
    case 'nova':
      return isOff(reasoning) ? UNASKED : nova(prompt, dropped);
    case 'flat-effort':
      if (reasoning.effort === 'none') dropped.add('reasoning_effort'); // R73: these can't be kept from it.
      return { ...UNASKED, fields: { reasoning_effort: three(effortOf(reasoning)) } };
    case 'nested-effort': {
      const effort = effortOf(reasoning);
      return { ...UNASKED, fields: { reasoning: { effort: effort === 'minimal' ? 'low' : effort } } };
    }
    default:
      if (!isOff(reasoning)) dropped.add('reasoning_effort');
      return UNASKED;
  }
};

/** Low, medium and high are all there is. */
const three = (effort: string): string => {
  if (effort === 'none' || effort === 'minimal') return 'low';
  return effort === 'xhigh' ? 'high' : effort;
};

/** Its highest effort is an error beside a temperature or a limit of tokens: what the caller set in so many words stays. */
const nova = (prompt: LlmRequest, dropped: Set<string>): Reasoning => {
  const wanted = three(effortOf(prompt.reasoning ?? {}));
  const isBound = [prompt.maxTokens, prompt.temperature, prompt.topP].some((value) => value !== undefined);
  if (wanted === 'high' && isBound) dropped.add('reasoning_effort (above medium)');
  const maxReasoningEffort = wanted === 'high' && isBound ? 'medium' : wanted;
  return { ...UNASKED, fields: { reasoningConfig: { type: 'enabled', maxReasoningEffort } } };
};
