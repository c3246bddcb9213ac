import type { Block, LlmRequest } from '../core/llm.ts';

/** Anthropic and Bedrock take at most four (R95). */
const MOST = 4;

/**
 * The marks that survive, as a predicate. The latest ones do: a later mark covers all that is before it. Counted in the order
 * in which the provider reads a prompt: tools, system, messages, what is nested included.
 */
export const keptMarks = (prompt: LlmRequest): ((owner: object) => boolean) => {
  const marked: object[] = [];
  const visit = (block: Block): void => {
    if (block.type === 'tool-result') block.content.forEach(visit);
    if ('cache' in block && block.cache !== undefined) marked.push(block);
  };
  for (const tool of prompt.tools) if (tool.cache !== undefined) marked.push(tool);
  prompt.system.forEach(visit);
  for (const message of prompt.messages) message.content.forEach(visit);
  const kept = new Set(marked.slice(-MOST));
  return (owner) => kept.has(owner);
};
