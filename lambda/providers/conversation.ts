import type { Block, Message, ToolCallBlock, ToolResultBlock } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';

/** A conversation that the assistant opened needs a first turn that says nothing (R7). */
const OPENING: Message = { role: 'user', content: [{ type: 'text', text: '(The conversation starts here.)' }] };

/**
 * A conversation in the form that Anthropic and Bedrock insist on: starts with the user (R7), and is paired.
 *
 * Errors: `Refusal('invalid_request')` for a conversation in which nobody says anything.
 */
export const strictConversation = (messages: readonly Message[]): readonly Message[] => {
  const turns = pairedConversation(messages);
  if (turns.length === 0) {
    throw new Refusal('invalid_request', {}, { param: 'messages', expected: 'at least one message with content' });
  }
  return turns[0]?.role === 'user' ? turns : [OPENING, ...turns];
};

/**
 * Turns alternate (R6), none is blank (R3, R9), every tool call is answered directly after it and every answer is to a call
 * (R48, R49), answers come before anything else the user says (R42), and no two calls share an id.
 */
export const pairedConversation = (messages: readonly Message[]): readonly Message[] => {
  const used = new Map<string, number>();
  const turns: Message[] = [];
  let open: OpenCalls = new Map();
  for (const { role, content } of alternating(messages)) {
    if (role === 'user') {
      turns.push({ role, content: settle(content, open) });
      open = new Map();
    } else {
      const renamed = content.map((block) => (block.type === 'tool-call' ? opened(block, used, open) : block));
      turns.push({ role, content: renamed });
    }
  }
  if (open.size > 0) turns.push({ role: 'user', content: noAnswers(open) });
  return turns;
};

/** An id as the caller wrote it → what its calls are called here, those without an answer yet, in order. */
type OpenCalls = Map<string, string[]>;

const alternating = (messages: readonly Message[]): readonly { role: Message['role']; content: Block[] }[] => {
  const turns: { role: Message['role']; content: Block[] }[] = [];
  for (const { role, content } of messages) {
    const said = content.filter((block) => block.type !== 'text' || block.text.trim() !== '');
    const last = turns.at(-1);
    if (said.length === 0) continue;
    if (last?.role !== role) turns.push({ role, content: said });
    else for (const block of said) last.content.push(block);
  }
  return turns;
};

/** Servers exist that start counting calls anew in every turn; providers refuse an id that comes twice. */
const opened = (block: ToolCallBlock, used: Map<string, number>, open: OpenCalls): ToolCallBlock => {
  let id = block.id;
  let count = used.get(id) ?? 0;
  while (used.has(id)) id = `${block.id}_${++count}`;
  used.set(block.id, Math.max(count, 1));
  if (id !== block.id) used.set(id, 1);
  const waiting = open.get(block.id);
  if (waiting === undefined) open.set(block.id, [id]);
  else waiting.push(id);
  return id === block.id ? block : { ...block, id };
};

/** Answers to the open calls come first, in any order; a call without one gets an error; an answer without a call is text. */
const settle = (content: readonly Block[], open: OpenCalls): Block[] => {
  const results: Block[] = [];
  const rest: Block[] = [];
  for (const block of content) {
    if (block.type !== 'tool-result') {
      rest.push(block);
      continue;
    }
    const callId = open.get(block.callId)?.shift();
    if (callId === undefined) rest.push(...orphan(block));
    else results.push(callId === block.callId ? block : { ...block, callId });
  }
  return [...results, ...noAnswers(open), ...rest];
};

const noAnswers = (open: OpenCalls): ToolResultBlock[] =>
  [...open.values()].flat().map((callId) => ({
    type: 'tool-result',
    callId,
    content: [{ type: 'text', text: 'No result was given for this call.' }],
    isError: true,
  }));

const orphan = (block: ToolResultBlock): Block[] => [
  { type: 'text', text: `Result of tool call ${block.callId}:` },
  ...block.content.filter((inner) => inner.type !== 'text' || inner.text.trim() !== ''),
];
