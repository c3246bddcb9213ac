import type { LlmRequest, Message } from '../core/llm.ts';
import type { ModelFacts } from './model-facts.ts';
import type { Json } from './provider.ts';
import { budgetOf, effortOf, isOff } from './reasoning.ts';

export interface Thinking {
  /** The model will think, asked or not. */
  readonly active: boolean;
  /** Tokens of `max_tokens` that are for thinking; 0 where the model decides. */
  readonly budget: number;
  readonly fields: Json;
  /** For `output_config`. */
  readonly effort?: string;
}

/** What is left for the answer when thinking takes all it can. */
const ROOM = 1024;

/** `turns` are those that will be sent. R31: a forced tool and thinking exclude each other; the caller's tool wins. R79: so does a history without its thinking. */
export const planThinking = (
  { reasoning }: LlmRequest,
  turns: readonly Message[],
  facts: ModelFacts,
  forcesTool: boolean,
  dropped: Set<string>,
): Thinking => {
  const unasked = { active: facts.thinkingOff !== 'omit', budget: 0, fields: {} };
  if (reasoning === undefined) return unasked;
  if (isOff(reasoning)) return off(facts, dropped);
  if (facts.thinking === 'none' || forcesTool || (facts.thinking === 'budget' && inLoopWithoutThinking(turns))) {
    dropped.add('reasoning_effort');
    return unasked;
  }
  if (facts.thinking === 'budget') {
    const budget = Math.min(budgetOf(reasoning), facts.maxOutput - ROOM);
    return { active: true, budget, fields: { thinking: { type: 'enabled', budget_tokens: budget } } };
  }
  const wanted = effortOf(reasoning);
  if (wanted === 'xhigh' && !facts.xhigh) dropped.add('reasoning_effort (above high)');
  const effort = wanted === 'xhigh' && !facts.xhigh ? 'high' : wanted;
  return { active: true, budget: 0, fields: { thinking: { type: 'adaptive' } }, effort };
};

/** R73: some models think unless told otherwise, and some whatever they are told. */
const off = ({ thinkingOff }: ModelFacts, dropped: Set<string>): Thinking => {
  if (thinkingOff === 'never') dropped.add('reasoning_effort');
  const active = thinkingOff === 'never';
  const silent = thinkingOff === 'never' || thinkingOff === 'omit';
  return { active, budget: 0, fields: silent ? {} : { thinking: { type: thinkingOff } } };
};

/** Results of tools are the last word, and the turn that called them has lost what it was thinking. */
const inLoopWithoutThinking = (turns: readonly Message[]): boolean => {
  const [asking, answering] = turns.slice(-2);
  if (answering?.content.some(({ type }) => type === 'tool-result') !== true) return false;
  return asking?.content.some((block) => block.type === 'redacted-thinking' || isSigned(block)) !== true;
};

const isSigned = (block: Message['content'][number]): boolean =>
  block.type === 'thinking' && block.signature !== undefined;
