import type { Block, Message, ToolResultBlock } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';

/**
 * A conversation in the form that Anthropic and Bedrock insist on: starts with the user (R7), turns alternate (R6), no blank
 * text (R3), every tool call answered directly after it and every answer to a call (R48, R49), results before anything else
 * the user says (R42).
 */
export const strictConversation = (messages: readonly Message[]): readonly Message[] => {
  const turns: Message[] = [];
  for (const message of messages) {
    const content = message.content.filter((block) => block.type !== 'text' || block.text.trim() !== '');
    const open = turns.at(-1)?.role === 'assistant' ? callIds(turns.at(-1)) : new Set<string>();
    const settled = message.role === 'user' ? settle(content, open) : unanswered(turns, open, content);
    if (settled.length > 0) merge(turns, { role: message.role, content: settled });
  }
  const left = turns.at(-1)?.role === 'assistant' ? callIds(turns.at(-1)) : new Set<string>();
  if (left.size > 0) merge(turns, { role: 'user', content: [...left].map(noAnswer) });
  if (turns[0]?.role !== 'user') {
    throw new Refusal(
      'invalid_request',
      {},
      { param: 'messages', expected: 'this provider needs a first message by the user' },
    );
  }
  return turns;
};

const merge = (turns: Message[], next: Message): void => {
  const last = turns.at(-1);
  if (last?.role !== next.role) turns.push(next);
  else turns[turns.length - 1] = { role: last.role, content: [...last.content, ...next.content] };
};

const callIds = (message: Message | undefined): Set<string> =>
  new Set((message?.content ?? []).flatMap((block) => (block.type === 'tool-call' ? [block.id] : [])));

/** Answers to the open calls come first, in any order; a call without one gets an error; an answer without a call is text. */
const settle = (content: readonly Block[], open: Set<string>): Block[] => {
  const results: Block[] = [];
  const rest: Block[] = [];
  for (const block of content) {
    if (block.type !== 'tool-result') rest.push(block);
    else if (open.delete(block.callId)) results.push(block);
    else rest.push(...orphan(block));
  }
  return [...results, ...[...open].map(noAnswer), ...rest];
};

/** The assistant speaks again although its calls were not answered: the answers go in between. */
const unanswered = (turns: Message[], open: Set<string>, content: readonly Block[]): readonly Block[] => {
  if (open.size > 0) merge(turns, { role: 'user', content: [...open].map(noAnswer) });
  return content;
};

const noAnswer = (callId: string): ToolResultBlock => ({
  type: 'tool-result',
  callId,
  content: [{ type: 'text', text: 'No result was given for this call.' }],
  isError: true,
});

const orphan = (block: ToolResultBlock): Block[] => [
  { type: 'text', text: `Result of tool call ${block.callId}:` },
  ...block.content.filter((inner) => inner.type !== 'text' || inner.text.trim() !== ''),
];
