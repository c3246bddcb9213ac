import type {
  Block,
  CacheMark,
  Effort,
  LlmRequest,
  Message,
  ResponseFormat,
  TextBlock,
  Tool,
  ToolChoice,
} from '../../core/llm.ts';
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
import { readMediaUrl } from './media.ts';

/**
 * OpenAI `POST /v1/chat/completions` → the hub.
 * Source: https://platform.openai.com/docs/api-reference/chat/create, with the extensions `cache_control` on parts, messages
 * and tools, `top_k`, and `reasoning_content`/`thinking_blocks` on assistant messages that gateways agree on.
 */
export const readOpenAiChat = (body: Json): LlmRequest => {
  const listed = arrayAt(body.messages, 'messages');
  if (listed.length === 0) throw invalid('messages', 'expected at least one message');
  const system: TextBlock[] = [];
  const messages: Message[] = [];
  listed.forEach((raw, index) => {
    const at = `messages[${index}]`;
    const message = objectAt(raw, at);
    if (message.role === 'system' || message.role === 'developer') system.push(...readSystem(message, at));
    else push(messages, readMessage(message, at));
  });
  const { tools, foreignTools } = readTools(body);
  return {
    system,
    messages,
    tools,
    stop: readStop(body.stop),
    foreign: Object.keys(body).filter((name) => !KNOWN.has(name) && body[name] !== null),
    foreignTools,
    ...present({
      toolChoice: readToolChoice(body, tools),
      parallelToolCalls: optionalBoolean(body, 'parallel_tool_calls'),
      // R52: the newer name wins.
      maxTokens: optionalInteger(body, 'max_completion_tokens', 1) ?? optionalInteger(body, 'max_tokens', 1),
      temperature: optionalNumber(body, 'temperature', 0, 2),
      topP: optionalNumber(body, 'top_p', 0, 1),
      topK: optionalInteger(body, 'top_k', 0),
      seed: optionalInteger(body, 'seed', Number.MIN_SAFE_INTEGER),
      n: optionalInteger(body, 'n', 1),
      presencePenalty: optionalNumber(body, 'presence_penalty', -2, 2),
      frequencyPenalty: optionalNumber(body, 'frequency_penalty', -2, 2),
      responseFormat: readResponseFormat(body.response_format),
      reasoning: readReasoning(body),
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
  'function_call',
]);

/** Consecutive turns of one role become one: providers that insist on alternation see it (R6), tool results stay together (R41). */
const push = (messages: Message[], next: Message | undefined): void => {
  if (next === undefined || next.content.length === 0) return; // R9
  const last = messages.at(-1);
  if (last?.role !== next.role) messages.push(next);
  else messages[messages.length - 1] = { role: last.role, content: [...last.content, ...next.content] };
};

const readSystem = (message: Json, at: string): readonly TextBlock[] =>
  readContent(message.content, `${at}.content`).map((block, index) => {
    if (block.type !== 'text') throw invalid(`${at}.content[${index}]`, 'expected text in a system message');
    return withCache(block, message);
  });

const readMessage = (message: Json, at: string): Message | undefined => {
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
  const calls =
    message.tool_calls === undefined || message.tool_calls === null
      ? []
      : arrayAt(message.tool_calls, `${at}.tool_calls`);
  return [
    ...readThinking(message),
    ...text,
    ...(refusal === undefined ? [] : [{ type: 'text', text: refusal } as const]), // R12
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

/** R2: a string or an array of parts, for every role. */
const readContent = (content: unknown, at: string): Block[] => {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  if (!Array.isArray(content)) throw invalid(at, 'expected a string or an array of parts');
  return content.map((raw, index) => readPart(objectAt(raw, `${at}[${index}]`), `${at}[${index}]`));
};

type PartReader = (part: Json, at: string) => Block;

const PARTS = new Map<unknown, PartReader>([
  ['text', (part, at) => ({ type: 'text', text: stringAt(part.text, `${at}.text`), ...cacheOf(part) })],
  ['refusal', (part, at) => ({ type: 'text', text: stringAt(part.refusal, `${at}.refusal`) })],
  [
    'image_url',
    (part, at) => {
      const image = objectAt(part.image_url, `${at}.image_url`);
      const source = readMediaUrl(stringAt(image.url, `${at}.image_url.url`), `${at}.image_url.url`);
      return {
        type: 'image',
        source,
        ...(typeof image.detail === 'string' ? { detail: image.detail } : {}),
        ...cacheOf(part),
      };
    },
  ],
  [
    'file',
    (part, at) => {
      const file = objectAt(part.file, `${at}.file`);
      if (file.file_data === undefined)
        return { type: 'other', dialect: 'openai-chat', kind: 'uploaded file', raw: part };
      const source = readMediaUrl(stringAt(file.file_data, `${at}.file.file_data`), `${at}.file.file_data`);
      return {
        type: 'document',
        source,
        ...(typeof file.filename === 'string' ? { name: file.filename } : {}),
        ...cacheOf(part),
      };
    },
  ],
  [
    'input_audio',
    (part, at) => {
      const audio = objectAt(part.input_audio, `${at}.input_audio`);
      return {
        type: 'audio',
        format: stringAt(audio.format, `${at}.input_audio.format`),
        data: stringAt(audio.data, `${at}.input_audio.data`),
      };
    },
  ],
]);

const readPart: PartReader = (part, at) => {
  const type = stringAt(part.type, `${at}.type`);
  const reader = PARTS.get(type);
  return reader === undefined
    ? { type: 'other', dialect: 'openai-chat', kind: 'content part', raw: part }
    : reader(part, at);
};

const cacheOf = (from: Json): { cache?: CacheMark } => {
  const mark = from.cache_control;
  if (!isObject(mark) || mark.type !== 'ephemeral') return {};
  return { cache: mark.ttl === '1h' ? { ttl: '1h' } : {} };
};

const withCache = <B extends TextBlock>(block: B, message: Json): B => ({ ...block, ...cacheOf(message) });

/** A mark on a whole message belongs after its last block (R99). */
const markLast = (blocks: Block[], message: Json): Block[] => {
  const mark = cacheOf(message);
  const last = blocks.at(-1);
  if (mark.cache === undefined || last === undefined || last.type === 'thinking') return blocks;
  return [...blocks.slice(0, -1), { ...last, ...mark } as Block];
};

const readTools = (body: Json): { tools: Tool[]; foreignTools: string[] } => {
  const listed = body.tools === undefined || body.tools === null ? [] : arrayAt(body.tools, 'tools');
  if (body.functions !== undefined && body.functions !== null)
    throw invalid('functions', 'expected tools: the older functions are not supported');
  const tools: Tool[] = [];
  const foreignTools: string[] = [];
  listed.forEach((raw, index) => {
    const at = `tools[${index}]`;
    const tool = objectAt(raw, at);
    const type = stringAt(tool.type ?? 'function', `${at}.type`);
    if (type === 'function') tools.push(readFunction(tool, at));
    else foreignTools.push(type);
  });
  const allowed = allowedTools(body);
  const kept = tools.filter((tool) => allowed.size === 0 || allowed.has(tool.name));
  return { tools: kept.length === 0 ? tools : kept, foreignTools };
};

/** R33: `allowed_tools` narrows the list; where it would leave nothing it is not meant. */
const allowedTools = (body: Json): Set<unknown> => {
  const choice =
    isObject(body.tool_choice) && isObject(body.tool_choice.allowed_tools)
      ? body.tool_choice.allowed_tools.tools
      : undefined;
  if (!Array.isArray(choice)) return new Set();
  return new Set(choice.filter(isObject).map((tool) => (isObject(tool.function) ? tool.function.name : undefined)));
};

const readFunction = (tool: Json, at: string): Tool => {
  const fn = objectAt(tool.function, `${at}.function`);
  const name = stringAt(fn.name, `${at}.function.name`);
  if (name === '') throw invalid(`${at}.function.name`, 'expected a name');
  return {
    name,
    ...present({
      description: optionalString(fn, 'description'),
      parameters:
        fn.parameters === undefined || fn.parameters === null
          ? undefined
          : objectAt(fn.parameters, `${at}.function.parameters`),
      strict: fn.strict === true ? true : undefined,
    }),
    ...cacheOf(tool),
  };
};

const readToolChoice = (body: Json, tools: readonly Tool[]): ToolChoice | undefined => {
  const choice = body.tool_choice;
  if (choice === undefined || choice === null) return undefined;
  if (typeof choice === 'string') return { type: oneOf(choice, 'tool_choice', ['auto', 'none', 'required']) };
  const wanted = objectAt(choice, 'tool_choice');
  if (wanted.type === 'allowed_tools') return readAllowedTools(wanted);
  const fn = objectAt(wanted.function, 'tool_choice.function');
  const name = stringAt(fn.name, 'tool_choice.function.name');
  if (!tools.some((tool) => tool.name === name))
    throw invalid('tool_choice.function.name', 'expected the name of one of tools');
  return { type: 'tool', name };
};

/** R33: the mode here; which tools remain is for `allowedTools` to say. */
const readAllowedTools = (wanted: Json): ToolChoice => {
  const inner = isObject(wanted.allowed_tools) ? wanted.allowed_tools : {};
  return { type: inner.mode === 'required' ? 'required' : 'auto' };
};

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

const EFFORTS: readonly Effort[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'];

const readReasoning = (body: Json): LlmRequest['reasoning'] =>
  body.reasoning_effort === undefined || body.reasoning_effort === null
    ? undefined
    : { effort: oneOf(body.reasoning_effort, 'reasoning_effort', EFFORTS) };

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
