import type { Effort, LlmRequest, Message, ResponseFormat, TextBlock } from '../../core/llm.ts';
import {
  arrayAt,
  invalid,
  isSet,
  type Json,
  objectAt,
  oneOf,
  optionalBoolean,
  optionalInteger,
  optionalNumber,
  optionalString,
  present,
  stringAt,
} from './fields.ts';
import { Lost } from './lost.ts';
import { readAnthropicContent } from './read-anthropic-blocks.ts';
import { readAnthropicToolChoice, readAnthropicTools } from './read-anthropic-tools.ts';

/**
 * Anthropic `POST /v1/messages` → the hub. What it has no word for is not refused: the same dialect passes it on, every other
 * one names it as dropped. Source: https://docs.anthropic.com/en/api/messages.
 */
export const readAnthropicMessages = (body: Json): LlmRequest => {
  // 0 is allowed: it fills the prompt cache and asks for no answer.
  const maxTokens = optionalInteger(body, 'max_tokens', 0);
  if (maxTokens === undefined) throw invalid('max_tokens', 'expected a whole number: the most tokens to write');
  return { ...readAnthropicPrompt(body), maxTokens };
};

/** The same without a limit on the answer: all that `count_tokens` takes. */
export const readAnthropicPrompt = (body: Json): LlmRequest => {
  const lost = new Lost();
  const { system, messages } = readConversation(body, lost);
  const { tools, foreignTools } = readAnthropicTools(body, lost);
  const { toolChoice, parallelToolCalls } = readAnthropicToolChoice(body, tools, lost);
  const output = isSet(body.output_config) ? objectAt(body.output_config, 'output_config') : {};
  lost.rest('output_config', output, OUTPUT_CONFIG);
  const settings = present({
    toolChoice,
    parallelToolCalls,
    temperature: optionalNumber(body, 'temperature', 0, 1),
    topP: optionalNumber(body, 'top_p', 0, 1),
    topK: optionalInteger(body, 'top_k', 0),
    responseFormat: readFormat(output.format, lost),
    reasoning: readReasoning(body, output, lost),
    user: isSet(body.metadata) ? optionalString(objectAt(body.metadata, 'metadata'), 'user_id') : undefined,
    serviceTier: optionalString(body, 'service_tier'),
  });
  for (const name of Object.keys(body)) if (!KNOWN.has(name) && isSet(body[name])) lost.add(name);
  return {
    system,
    messages,
    tools,
    stop: readStop(body.stop_sequences),
    ...settings,
    foreign: lost.names,
    foreignTools,
  };
};

/** Usage is always in the stream of this dialect: it needs no asking. */
export const anthropicStreamOf = (body: Json): { stream: boolean; includeUsage: boolean } => ({
  stream: optionalBoolean(body, 'stream') ?? false,
  includeUsage: true,
});

/** What the hub has a word for, or what the gateway handles itself. */
const KNOWN = new Set([
  'model',
  'messages',
  'system',
  'max_tokens',
  'stop_sequences',
  'stream',
  'temperature',
  'top_p',
  'top_k',
  'metadata',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'service_tier',
]);
const OUTPUT_CONFIG = new Set(['effort', 'format']);

/** R1, R4: system messages inside the conversation join the system prompt, in order. R6: turns of one role become one. */
const readConversation = (body: Json, lost: Lost): { system: readonly TextBlock[]; messages: readonly Message[] } => {
  const system = isSet(body.system) ? readSystem(body.system, 'system', lost) : [];
  const turns: { role: Message['role']; content: Message['content'][number][] }[] = [];
  const listed = arrayAt(body.messages, 'messages');
  if (listed.length === 0) throw invalid('messages', 'expected at least one message');
  for (const [index, raw] of listed.entries()) {
    const at = `messages[${index}]`;
    const message = objectAt(raw, at);
    const role = oneOf(message.role, `${at}.role`, ['user', 'assistant', 'system']);
    if (role === 'system') {
      for (const block of readSystem(message.content, `${at}.content`, lost)) system.push(block);
      continue;
    }
    const content = readAnthropicContent(message.content, `${at}.content`, lost);
    if (content.length === 0) continue; // R9
    const last = turns.at(-1);
    if (last?.role !== role) turns.push({ role, content });
    else for (const block of content) last.content.push(block);
  }
  return { system, messages: turns };
};

/** R2: a string or text blocks. */
const readSystem = (content: unknown, at: string, lost: Lost): TextBlock[] =>
  readAnthropicContent(content, at, lost).map((block, index) => {
    if (block.type !== 'text') throw invalid(`${at}[${index}]`, 'expected text in a system prompt');
    return block;
  });

const readStop = (stop: unknown): readonly string[] =>
  isSet(stop) ? arrayAt(stop, 'stop_sequences').map((one, index) => stringAt(one, `stop_sequences[${index}]`)) : [];

const EFFORTS = new Map<unknown, Effort>([
  ['low', 'low'],
  ['medium', 'medium'],
  ['high', 'high'],
  ['xhigh', 'xhigh'],
  ['max', 'xhigh'],
]);

/** R72-R74: no thinking, a budget, an effort, or leave to think. */
const readReasoning = (body: Json, output: Json, lost: Lost): LlmRequest['reasoning'] => {
  const thinking = isSet(body.thinking) ? objectAt(body.thinking, 'thinking') : {};
  const effort = EFFORTS.get(output.effort);
  const mayThink = thinking.type === undefined || thinking.type === 'enabled' || thinking.type === 'adaptive';
  if (isSet(output.effort) && (effort === undefined || !mayThink)) lost.add('output_config.effort');
  if (thinking.type === 'disabled') return { effort: 'none' };
  if (!mayThink) lost.add('thinking');
  if (!mayThink || (thinking.type === undefined && effort === undefined)) return undefined;
  if (isSet(thinking.display)) lost.add('thinking.display');
  return present({ effort, budgetTokens: thinking.type === 'enabled' ? readBudget(thinking) : undefined });
};

const readBudget = ({ budget_tokens: budget }: Json): number => {
  if (!Number.isSafeInteger(budget) || (budget as number) < 1)
    throw invalid('thinking.budget_tokens', 'expected a whole number, 1 or more');
  return budget as number;
};

/** R67, R71: Anthropic always keeps to a schema, and gives it no name. */
const readFormat = (format: unknown, lost: Lost): ResponseFormat | undefined => {
  if (!isSet(format)) return undefined;
  const wanted = objectAt(format, 'output_config.format');
  if (wanted.type !== 'json_schema') {
    lost.add('output_config.format');
    return undefined;
  }
  const schema = objectAt(wanted.schema, 'output_config.format.schema');
  return { type: 'json-schema', name: 'answer', schema, strict: true };
};
