import type { Effort, LlmRequest } from '../core/llm.ts';

type Reasoning = NonNullable<LlmRequest['reasoning']>;

/** R72: an effort as a budget of thinking tokens. */
const BUDGETS = new Map<Effort, number>([
  ['low', 1024],
  ['medium', 4096],
  ['high', 16_384],
  ['xhigh', 32_768],
]);

/** The least that Anthropic takes. */
const LEAST = 1024;

export const budgetOf = ({ effort, budgetTokens }: Reasoning): number =>
  Math.max(LEAST, budgetTokens ?? BUDGETS.get(effort ?? 'medium') ?? LEAST);

/** R74: a budget of thinking tokens as the effort that comes nearest. */
export const effortOf = ({ effort, budgetTokens }: Reasoning): Effort => {
  if (effort !== undefined) return effort;
  if (budgetTokens === undefined) return 'medium';
  if (budgetTokens <= 1024) return 'low';
  return budgetTokens <= 8192 ? 'medium' : 'high';
};

/** R73. */
export const isOff = (reasoning: Reasoning | undefined): boolean =>
  reasoning?.effort === 'none' || reasoning?.effort === 'minimal';
