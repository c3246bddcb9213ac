import type { Block, CacheMark, LlmRequest } from '../core/llm.ts';

/** Anthropic and Bedrock take at most four (R95). */
const MOST = 4;

/** What is looked through for marks: what will be sent, not what was asked, so that nothing left out uses up a mark. */
export type Markable = Pick<LlmRequest, 'tools' | 'system' | 'messages'>;

/**
 * The marks that survive, by the object that carries them. The latest ones do: a later mark covers all that is before it.
 * Counted in the order in which the provider reads a prompt: tools, system, messages, what is nested included. A mark for an
 * hour after one for five minutes is an error there, so it is for five minutes as well (R96).
 */
export const cacheMarks = (prompt: Markable): ReadonlyMap<object, CacheMark> => {
  const marked = markedIn(prompt).slice(-MOST);
  const firstShort = marked.findIndex(([, mark]) => mark.ttl !== '1h');
  return new Map(marked.map(([owner, mark], index) => [owner, firstShort >= 0 && index > firstShort ? {} : mark]));
};

export const countMarks = (prompt: Markable): number => markedIn(prompt).length;

const markedIn = ({ tools, system, messages }: Markable): (readonly [object, CacheMark])[] => {
  const marked: (readonly [object, CacheMark])[] = [];
  const visit = (block: Block): void => {
    if (block.type === 'tool-result') block.content.forEach(visit);
    if ('cache' in block && block.cache !== undefined) marked.push([block, block.cache]);
  };
  for (const tool of tools) if (tool.cache !== undefined) marked.push([tool, tool.cache]);
  system.forEach(visit);
  for (const message of messages) message.content.forEach(visit);
  return marked;
};
