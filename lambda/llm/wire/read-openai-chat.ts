import type { Block, Effort, LlmRequest, Message, ResponseFormat, TextBlock } from '../../core/llm.ts';
import { Refusal } from '../../core/refusal.ts';
import {
  arrayAt,
  invalid,
  isObject,
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
import { cacheOf, markLast, readContent } from './read-openai-content.ts';
import { readToolChoice, readTools } from './read-openai-tools.ts';

/**
 * OpenAI `POST /v1/chat/completions` → the hub.
 * Source: https://platform.openai.com/docs/api-reference/chat/create, with the extensions `cache_control` on parts, messages
 * and tools, `top_k`, and `reasoning_content`/`thinking_blocks` on assistant messages that gateways agree on. System messages
 * from the middle of a conversation join those at its start (R4): the body itself stays as it came.
 */
export const readOpenAiChat = (body: Json): LlmRequest => {
  const listed = arrayAt(body.messages, 'messages');
  if (listed.length === 0) throw invalid('messages', 'expected at least one message');
  const system: TextBlock[] = [];
  const messages: OpenMessage[] = [];
  const foreign = new Set(Object.keys(body).filter((name) => !KNOWN.has(name) && body[name] !== null));
  listed.forEach((raw, index) => {
    const at = `messages[${index}]`;
    const message = objectAt(raw, at);
    for (const name of unspoken(message)) foreign.add(`messages.${name}`);
    if (message.role === 'system' || message.role === 'developer') {
      for (const block of readSystem(message, at)) system.push(block);
    } else push(messages, readMessage(message, at));
  });
  const { tools, foreignTools } = readTools(body);
  const toolChoice = readToolChoice(body, tools);
  if (toolChoice === 'foreign') foreign.add('tool_choice');
  const reasoning = readReasoning(body);
  if (reasoning === 'foreign') foreign.add('reasoning_effort');
  return {
    system,
    messages,
    tools,
    stop: readStop(body.stop),
    foreign: [...foreign],
    foreignTools,
    ...present({
      toolChoice: toolChoice === 'foreign' ? undefined : toolChoice,
      parallelToolCalls: optionalBoolean(body, 'parallel_tool_calls'),
      // R52: the newer name wins.
      maxTokens: optionalInteger(body, 'max_completion_tokens', 1) ?? optionalInteger(body, 'max_tokens', 1),
      temperature: optionalNumber(body, 'temperature', 0, 2),
      topP: optionalNumber(body, 'top_p', 0, 1),
      topK: readTopK(body),
      seed: optionalInteger(body, 'seed', Number.MIN_SAFE_INTEGER),
      n: optionalInteger(body, 'n', 1),
      presencePenalty: optionalNumber(body, 'presence_penalty', -2, 2),
      frequencyPenalty: optionalNumber(body, 'frequency_penalty', -2, 2),
      responseFormat: readResponseFormat(body.response_format),
      reasoning: reasoning === 'foreign' ? undefined : reasoning,
      user: optionalString(body, 'safety_identifier') ?? optionalString(body, 'user'),
      serviceTier: optionalString(body, 'service_tier'),
    }),
  };
};

/** What the hub has a word for, or what the gateway handles itself. Everything else passes through or is named as dropped. */
const KNOWN = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop',
  'seed',
  'n',
  'presence_penalty',
  'frequency_penalty',
  'response_format',
  'reasoning_effort',
  'user',
  'safety_identifier',
  'service_tier',
  'functions',
]);

interface OpenMessage extends Message {
  readonly content: Block[];
}

/** Consecutive turns of one role become one: providers that insist on alternation see it (R6), tool results stay together (R41). */
const push = (messages: OpenMessage[], next: OpenMessage): void => {
  if (next.content.length === 0) return; // R9
  const last = messages.at(-1);
  if (last?.role !== next.role) messages.push(next);
  else for (const block of next.content) last.content.push(block);
};

/** Members of a message that the hub has no word for: R11, and thinking that nobody signed (R80). */
const unspoken = (message: Json): string[] => {
  const unsigned = typeof message.reasoning_content === 'string' && !Array.isArray(message.thinking_blocks);
  return [...(typeof message.name === 'string' ? ['name'] : []), ...(unsigned ? ['reasoning_content'] : [])];
};

const readSystem = (message: Json, at: string): readonly TextBlock[] => {
  const blocks = readContent(message.content, `${at}.content`).map((block, index) => {
    if (block.type !== 'text') throw invalid(`${at}.content[${index}]`, 'expected text in a system message');
    return block;
  });
  return markLast(blocks, message);
};

const readMessage = (message: Json, at: string): OpenMessage => {
  switch (oneOf(message.role, `${at}.role`, ['user', 'assistant', 'tool', 'function', 'system', 'developer'])) {
    case 'user':
      return { role: 'user', content: markLast(readContent(message.content, `${at}.content`), message) };
    case 'assistant':
      return { role: 'assistant', content: markLast(readAssistant(message, at), message) };
    case 'tool':
      return { role: 'user', content: [readToolResult(message, at)] };
    default:
      // R26: the forms from before tools.
      throw invalid(`${at}.role`, 'expected tools and role tool: the older functions are not supported');
  }
};

const readAssistant = (message: Json, at: string): Block[] => {
  const text =
    message.content === null || message.content === undefined ? [] : readContent(message.content, `${at}.content`);
  const refusal = optionalString(message, 'refusal');
  if (message.function_call !== undefined && message.function_call !== null)
    throw invalid(`${at}.function_call`, 'expected tool_calls: the older functions are not supported');
  const calls =
    message.tool_calls === undefined || message.tool_calls === null
      ? []
      : arrayAt(message.tool_calls, `${at}.tool_calls`);
  return [
    ...readThinking(message),
    ...text,
    ...(refusal === undefined ? [] : [{ type: 'text', text: refusal } as const]), // R12
    ...(isObject(message.audio)
      ? [{ type: 'other', dialect: 'openai-chat', kind: 'earlier audio', raw: message.audio } as const]
      : []),
    ...calls.map((call, index) => readToolCall(call, `${at}.tool_calls[${index}]`)),
  ];
};

/** R78–R80: thinking travels with its signature, or not at all. */
const readThinking = (message: Json): Block[] => {
  if (!Array.isArray(message.thinking_blocks)) return [];
  return message.thinking_blocks.filter(isObject).flatMap((block): Block[] => {
    if (block.type === 'redacted_thinking' && typeof block.data === 'string')
      return [{ type: 'redacted-thinking', data: block.data }];
    if (block.type !== 'thinking' || typeof block.thinking !== 'string' || typeof block.signature !== 'string')
      return [];
    return [{ type: 'thinking', text: block.thinking, signature: block.signature }];
  });
};

const readToolCall = (raw: unknown, at: string): Block => {
  const call = objectAt(raw, at);
  if (call.type !== undefined && call.type !== 'function') {
    return { type: 'other', dialect: 'openai-chat', kind: 'tool call', raw };
  }
  const fn = objectAt(call.function, `${at}.function`);
  const extra = isObject(call.extra_content) && isObject(call.extra_content.google) ? call.extra_content.google : {};
  return {
    type: 'tool-call',
    id: stringAt(call.id, `${at}.id`),
    name: stringAt(fn.name, `${at}.function.name`),
    arguments: optionalString(fn, 'arguments') ?? '',
    ...cacheOf(call),
    ...(typeof extra.thought_signature === 'string' ? { signature: extra.thought_signature } : {}), // R83
  };
};

const readToolResult = (message: Json, at: string): Block => ({
  type: 'tool-result',
  callId: stringAt(message.tool_call_id, `${at}.tool_call_id`),
  content:
    message.content === null || message.content === undefined ? [] : readContent(message.content, `${at}.content`),
  isError: false,
  ...cacheOf(message),
});

/** R58: a string or a list of strings. */
const readStop = (stop: unknown): string[] => {
  if (stop === undefined || stop === null) return [];
  if (typeof stop === 'string') return [stop];
  return arrayAt(stop, 'stop').map((one, index) => stringAt(one, `stop[${index}]`));
};

const readResponseFormat = (format: unknown): ResponseFormat | undefined => {
  if (format === undefined || format === null) return undefined;
  const wanted = objectAt(format, 'response_format');
  const type = oneOf(wanted.type, 'response_format.type', ['text', 'json_object', 'json_schema']);
  if (type === 'text') return undefined;
  if (type === 'json_object') return { type: 'json' };
  const inner = objectAt(wanted.json_schema, 'response_format.json_schema');
  return {
    type: 'json-schema',
    name: stringAt(inner.name, 'response_format.json_schema.name'),
    schema: inner.schema === undefined ? {} : objectAt(inner.schema, 'response_format.json_schema.schema'),
    strict: inner.strict === true,
  };
};

const EFFORTS = new Map<string, Effort>([
  ['none', 'none'],
  ['minimal', 'minimal'],
  ['low', 'low'],
  ['medium', 'medium'],
  ['high', 'high'],
  ['xhigh', 'xhigh'],
  ['max', 'xhigh'], // The hub's most.
]);

/** `foreign`: an effort that only some server of this dialect knows. */
const readReasoning = (body: Json): LlmRequest['reasoning'] | 'foreign' => {
  const wanted = optionalString(body, 'reasoning_effort');
  if (wanted === undefined) return undefined;
  const effort = EFFORTS.get(wanted);
  return effort === undefined ? 'foreign' : { effort };
};

/** Servers of this dialect take -1 or 0 for "no limit": that is not a limit to pass on. */
const readTopK = (body: Json): number | undefined => {
  const topK = optionalInteger(body, 'top_k', -1);
  return topK === undefined || topK < 1 ? undefined : topK;
};

/** Refuses what the surface itself can never honour, before any provider is asked. */
export const streamOf = (body: Json): { stream: boolean; includeUsage: boolean } => {
  const stream = optionalBoolean(body, 'stream') ?? false;
  const options =
    body.stream_options === undefined || body.stream_options === null
      ? {}
      : objectAt(body.stream_options, 'stream_options');
  if (!stream && body.stream_options !== undefined && body.stream_options !== null) {
    throw new Refusal('invalid_request', {}, { param: 'stream_options', expected: 'only with stream: true' });
  }
  return { stream, includeUsage: options.include_usage === true };
};
