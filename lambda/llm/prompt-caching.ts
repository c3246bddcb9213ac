import type { CompiledPromptCaching } from '../../config/compiled.ts';
import type { Block, LlmCall, LlmRequest, Message } from '../core/llm.ts';
import type { Stage } from '../core/pipeline.ts';
import { estimateTokens } from './estimate-tokens.ts';
import { hasMark, markBody } from './wire/mark-anthropic.ts';

/** Where marks go: at most four, which is what Anthropic and Bedrock take (R95). */
export interface CachePlaces {
  readonly tools: boolean;
  readonly system: boolean;
  /** The last so many turns of the user: the last is written for the next call, the one before was written by the last. */
  readonly turns: 0 | 1 | 2;
}

/**
 * Marks a prompt where the next call's will be the same. Providers that take no marks never see them, and a caller that sets
 * its own knows better: it gets none from us.
 */
export const promptCaching = <Reply>(rules: CompiledPromptCaching | undefined): Stage<LlmCall, Reply> => {
  if (rules === undefined) return (call, next) => next(call);
  return async (call, next) => {
    const native = call.dialect === 'anthropic-messages';
    if (isMarked(call.prompt) || (native && hasMark(call.body))) return next(call);
    const places = placesFor(call.prompt, rules);
    return next({
      ...call,
      prompt: markPrompt(call.prompt, places),
      body: native ? markBody(call.body, places) : call.body,
    });
  };
};

const isMarked = ({ tools, system, messages }: LlmRequest): boolean => {
  const marked = (block: Block): boolean =>
    ('cache' in block && block.cache !== undefined) || (block.type === 'tool-result' && block.content.some(marked));
  return (
    tools.some(({ cache }) => cache !== undefined) ||
    system.some(marked) ||
    messages.some(({ content }) => content.some(marked))
  );
};

/**
 * A prompt is read in this order: tools, system, messages. What stands before a mark has to be worth keeping; once it is, so
 * is everything after it, and nobody counts any further.
 */
const placesFor = ({ tools, system, messages }: LlmRequest, rules: CompiledPromptCaching): CachePlaces => {
  let tokens = 0;
  const enough = (next: Partial<Pick<LlmRequest, 'tools' | 'system' | 'messages'>>): boolean => {
    if (tokens < rules.minTokens) tokens += estimateTokens({ tools: [], system: [], messages: [], ...next });
    return tokens >= rules.minTokens;
  };
  const worth = { tools: enough({ tools }), system: enough({ system }) };
  const turns = rules.messages
    ? messages.map((message) => enough({ messages: [message] }) && message.role === 'user').filter((is) => is).length
    : 0;
  return {
    tools: rules.tools && tools.length > 0 && worth.tools,
    system: rules.system && system.length > 0 && worth.system,
    turns: turns > 1 ? 2 : turns > 0 ? 1 : 0,
  };
};

const markPrompt = (prompt: LlmRequest, { tools, system, turns }: CachePlaces): LlmRequest => ({
  ...prompt,
  tools: tools ? markLast(prompt.tools, () => true) : prompt.tools,
  system: system ? markLast(prompt.system, canBeMarked) : prompt.system,
  messages: markTurns(prompt.messages, turns),
});

/** R99: not on blank text, and not on thinking. */
const canBeMarked = (block: Block): boolean =>
  block.type === 'text' ? block.text.trim() !== '' : MARKABLE.has(block.type);

const MARKABLE: ReadonlySet<Block['type']> = new Set(['image', 'document', 'tool-result']);

const markLast = <Item extends object>(items: readonly Item[], fits: (item: Item) => boolean): readonly Item[] => {
  const index = items.findLastIndex(fits);
  return items.map((item, at) => (at === index ? { ...item, cache: {} } : item));
};

const markTurns = (messages: readonly Message[], turns: number): readonly Message[] => {
  const users = messages.flatMap(({ role }, index) => (role === 'user' ? [index] : []));
  const chosen = new Set(turns === 0 ? [] : users.slice(-turns));
  return messages.map((message, index) =>
    chosen.has(index) ? { ...message, content: markLast(message.content, canBeMarked) } : message,
  );
};
