import type { CachePlaces } from '../prompt-caching.ts';
import { isObject, type Json } from './fields.ts';

const MARK = { type: 'ephemeral' };

/** Whether a body has a mark of its own anywhere: on the whole, on a tool, on a block, inside the result of a tool. */
export const hasMark = (body: Json): boolean =>
  isObject(body.cache_control) || [body.tools, body.system, body.messages].some(isMarkedList);

const isMarkedList = (items: unknown): boolean =>
  Array.isArray(items) &&
  items.some((item) => isObject(item) && (isObject(item.cache_control) || isMarkedList(item.content)));

/** The last item that takes a mark, with one: R99 has what does not. */
const markLast = (items: unknown, takes: (item: Json) => boolean): unknown => {
  if (!Array.isArray(items)) return items;
  const index = items.findLastIndex((item) => isObject(item) && takes(item));
  return items.map((item, at) => (at === index ? { ...item, cache_control: MARK } : item));
};

/** A text that stands for a list of blocks has no place for a mark: it is written as that list. */
const asBlocks = (content: unknown): unknown =>
  typeof content === 'string' && content.trim() !== '' ? [{ type: 'text', text: content }] : content;

/** Tools that are only loaded when they are found are no part of the prompt yet. */
const isTool = (tool: Json): boolean => tool.defer_loading !== true;

const isBlock = (block: Json): boolean =>
  block.type === 'text' ? typeof block.text === 'string' && block.text.trim() !== '' : MARKABLE.has(block.type);

const MARKABLE: ReadonlySet<unknown> = new Set(['image', 'document', 'tool_result']);

const markTurns = (messages: unknown, turns: number): unknown => {
  if (!Array.isArray(messages)) return messages;
  const users = messages.flatMap((message, index) => (isObject(message) && message.role === 'user' ? [index] : []));
  const chosen = new Set(users.slice(-turns));
  return messages.map((message, index) =>
    chosen.has(index) ? { ...message, content: markLast(asBlocks(message.content), isBlock) } : message,
  );
};

/** Sets marks in a body of Anthropic's dialect that has none. Only the members that get one change. */
export const markBody = (body: Json, { tools, system, turns }: CachePlaces): Json => ({
  ...body,
  ...(tools && body.tools !== undefined ? { tools: markLast(body.tools, isTool) } : {}),
  ...(system && body.system !== undefined ? { system: markLast(asBlocks(body.system), isBlock) } : {}),
  ...(turns === 0 ? {} : { messages: markTurns(body.messages, turns) }),
});
