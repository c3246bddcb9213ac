import type { Dialect } from '../../core/llm.ts';
import type { Added, AddedTurn, AddToBody } from '../../policy/enrich.ts';
import { isObject, type Json } from './fields.ts';

type Add = (body: Json, before: Added, after: Added) => Json;

const notACallers: Add = () => {
  throw new Error('no caller speaks this dialect: add it to lambda/llm/wire/add-messages.ts');
};

const toMessage = ({ role, text }: AddedTurn): Json => ({ role, content: text });

const listAt = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Ours stand around the caller's system messages at the top; those further down stay where they are. */
const addToChat: Add = (body, before, after) => {
  const messages = listAt(body.messages);
  const others = messages.findIndex(
    (message) => !isObject(message) || (message.role !== 'system' && message.role !== 'developer'),
  );
  const top = others < 0 ? messages.length : others;
  const system = (texts: readonly string[]): Json[] => texts.map((content) => ({ role: 'system', content }));
  return {
    ...body,
    messages: [
      ...system(before.system),
      ...messages.slice(0, top),
      ...system(after.system),
      ...before.turns.map(toMessage),
      ...messages.slice(top),
      ...after.turns.map(toMessage),
    ],
  };
};

/** A system prompt that is one text becomes the block that it stands for: its own characters are not touched. */
const addToAnthropic: Add = (body, before, after) => {
  const blocks = (texts: readonly string[]): Json[] => texts.map((text) => ({ type: 'text', text }));
  const own = typeof body.system === 'string' ? blocks(body.system === '' ? [] : [body.system]) : listAt(body.system);
  return {
    ...body,
    ...(before.system.length + after.system.length === 0
      ? {}
      : { system: [...blocks(before.system), ...own, ...blocks(after.system)] }),
    ...(before.turns.length + after.turns.length === 0
      ? {}
      : { messages: [...before.turns.map(toMessage), ...listAt(body.messages), ...after.turns.map(toMessage)] }),
  };
};

/** `instructions` is one text. An `input` that is a text is the user's turn. */
const addToResponses: Add = (body, before, after) => {
  const own = typeof body.instructions === 'string' && body.instructions !== '' ? [body.instructions] : [];
  const input = typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : listAt(body.input);
  return {
    ...body,
    ...(before.system.length + after.system.length === 0
      ? {}
      : { instructions: [...before.system, ...own, ...after.system].join('\n\n') }),
    ...(before.turns.length + after.turns.length === 0
      ? {}
      : { input: [...before.turns.map(toMessage), ...input, ...after.turns.map(toMessage)] }),
  };
};

const ADD: Readonly<Record<Dialect, Add>> = {
  'openai-chat': addToChat,
  'anthropic-messages': addToAnthropic,
  'openai-responses': addToResponses,
  gemini: notACallers,
  'bedrock-converse': notACallers,
};

/** The policy's messages in a body of the caller's dialect; the members that hold them change, no other does. */
export const addMessages: AddToBody = ({ dialect, body }, before, after) => ADD[dialect](body, before, after);
