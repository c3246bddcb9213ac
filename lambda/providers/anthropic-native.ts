import type { Json } from './provider.ts';
import { isForeignSignature } from './signatures.ts';
import { isObject } from './upstream-words.ts';

/**
 * A body in Anthropic's own dialect: untouched, unless an earlier turn was answered by another provider. What that one
 * thought has no signature of Anthropic's, which would be an error there (R80). The same object where there is nothing of it.
 */
export const withoutForeignThoughts = (body: Json): { body: Json; dropped: string[] } => {
  const messages = Array.isArray(body.messages) ? body.messages : [];
  if (!messages.some(isTouched)) return { body, dropped: [] };
  const { thinking, ...others } = body;
  const rest = { ...others, messages: messages.map(clean).filter((message) => !isEmptied(message)) };
  // R79: a tool loop that was begun without thinking can't go on with it.
  const last = messages.findLast((message) => isObject(message) && message.role === 'assistant');
  const isOff = isObject(thinking) && thinking.type === 'enabled' && isTouched(last);
  if (isOff) return { body: rest, dropped: ['thinking'] };
  return { body: thinking === undefined ? rest : { ...rest, thinking }, dropped: [] };
};

const blocksOf = (message: unknown): readonly unknown[] =>
  isObject(message) && message.role === 'assistant' && Array.isArray(message.content) ? message.content : [];

const isForeign = (block: unknown): boolean =>
  isObject(block) && block.type === 'thinking' && isForeignSignature(block.signature);

/** What `anthropic-messages.ts` added to a call for the provider that made it. */
const hasExtra = (block: unknown): boolean => isObject(block) && block.type === 'tool_use' && 'extra_content' in block;

const isTouched = (message: unknown): boolean => blocksOf(message).some((block) => isForeign(block) || hasExtra(block));

const clean = (message: unknown): unknown => {
  if (!isObject(message) || !isTouched(message)) return message;
  const content = blocksOf(message).flatMap((block) => {
    if (isForeign(block)) return [];
    if (!isObject(block) || !hasExtra(block)) return [block];
    const { extra_content: _, ...own } = block;
    return [own];
  });
  return { ...message, content };
};

const isEmptied = (message: unknown): boolean =>
  isObject(message) && message.role === 'assistant' && Array.isArray(message.content) && message.content.length === 0;
