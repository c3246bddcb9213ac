import type { Block, LlmCall, LlmRequest, Message, Tool, ToolChoice, ToolResultBlock } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';
import { pairedConversation } from './conversation.ts';
import { safeName } from './names.ts';
import { toStrictSchema } from './openai-schema.ts';
import type { Json } from './provider.ts';
import { effortOf } from './reasoning.ts';

export const MAX_TOOL_NAME = 64;
/** OpenAI refuses longer ids of tool calls. */
const MAX_ID = 40;
const MAX_STOPS = 4;

export interface OpenAiTarget {
  /** `other`: a server that speaks the dialect and says itself what it does not take. */
  readonly vendor: 'openai' | 'other';
  /** Thinks, and then takes no sampling parameters (R56). */
  readonly reasons: boolean;
}

/** The hub → OpenAI chat completions, for callers who speak another dialect. */
export const writeOpenAiRequest = (call: LlmCall, target: OpenAiTarget): { body: Json; dropped: string[] } => {
  const { prompt } = call;
  const dropped = new Set([...prompt.foreign, ...prompt.foreignTools]);
  if (prompt.topK !== undefined) dropped.add('top_k'); // R62
  if (hasMarks(prompt)) dropped.add('cache_control'); // R98: caching there needs no marks.
  const hasTools = prompt.tools.length > 0;
  const body = {
    messages: writeMessages(prompt, dropped),
    ...written('tools', hasTools ? prompt.tools.map(writeTool) : undefined), // R24
    ...written('tool_choice', hasTools ? writeToolChoice(prompt.toolChoice) : undefined), // R30
    ...written('parallel_tool_calls', hasTools ? prompt.parallelToolCalls : undefined), // R32
    ...written('max_tokens', prompt.maxTokens),
    ...sampling(prompt, target, dropped),
    ...written('seed', prompt.seed),
    ...written('n', prompt.n),
    ...written('reasoning_effort', effortFor(prompt, target, dropped)),
    ...written('response_format', writeResponseFormat(prompt, dropped)),
    ...written('user', prompt.user),
    ...written('service_tier', tierFor(prompt, target, dropped)),
  };
  return { body, dropped: [...dropped] };
};

const written = (name: string, value: unknown): Json => (value === undefined ? {} : { [name]: value });

const hasMarks = ({ tools, system, messages }: LlmRequest): boolean => {
  const marked = (owner: object): boolean => 'cache' in owner && owner.cache !== undefined;
  return tools.some(marked) || system.some(marked) || messages.some(({ content }) => content.some(marked));
};

/** R56. R59: at most four stops there. */
const sampling = (prompt: LlmRequest, { vendor, reasons }: OpenAiTarget, dropped: Set<string>): Json => {
  const { stop, temperature, topP, presencePenalty, frequencyPenalty } = prompt;
  const chosen = { temperature, top_p: topP, presence_penalty: presencePenalty, frequency_penalty: frequencyPenalty };
  const stops = vendor === 'openai' ? stop.slice(0, MAX_STOPS) : stop;
  if (stops.length < stop.length) dropped.add(`stop (beyond ${MAX_STOPS})`);
  const set = Object.entries(chosen).filter(([, value]) => value !== undefined);
  if (reasons) for (const [name] of set) dropped.add(name);
  return { ...(reasons ? {} : Object.fromEntries(set)), ...written('stop', stops.length === 0 ? undefined : stops) };
};

/** R74. A model that does not reason refuses the parameter. */
const effortFor = ({ reasoning }: LlmRequest, target: OpenAiTarget, dropped: Set<string>): string | undefined => {
  if (reasoning?.effort === undefined && reasoning?.budgetTokens === undefined) return undefined;
  if (target.vendor === 'other' || target.reasons) return effortOf(reasoning);
  if (reasoning.effort !== 'none') dropped.add('reasoning_effort');
  return undefined;
};

/** R64: the names differ. */
const TIERS = new Map([
  ['auto', 'auto'],
  ['standard_only', 'default'],
]);

const tierFor = ({ serviceTier }: LlmRequest, { vendor }: OpenAiTarget, dropped: Set<string>): string | undefined => {
  const tier = vendor === 'openai' ? TIERS.get(serviceTier ?? '') : undefined;
  if (serviceTier !== undefined && tier === undefined) dropped.add('service_tier');
  return tier;
};

const writeMessages = (prompt: LlmRequest, dropped: Set<string>): Json[] => {
  const texts = prompt.system.map(({ text }) => text).filter((text) => text.trim() !== '');
  const system = texts.length === 0 ? [] : [{ role: 'system', content: texts.join('\n\n') }]; // R5
  return [...system, ...pairedConversation(prompt.messages).flatMap((message) => writeMessage(message, dropped))];
};

const writeMessage = (message: Message, dropped: Set<string>): Json[] =>
  message.role === 'assistant' ? writeAssistant(message, dropped) : writeUser(message);

/** R80: what another model thought, and what only it could sign, is for it alone. */
const writeAssistant = ({ content }: Message, dropped: Set<string>): Json[] => {
  const text = content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('');
  const calls = content.flatMap((block) =>
    block.type === 'tool-call'
      ? [
          {
            id: writeId(block.id),
            type: 'function',
            function: { name: safeName(block.name, MAX_TOOL_NAME), arguments: block.arguments || '{}' }, // R34
          },
        ]
      : [],
  );
  for (const block of content) {
    if (block.type !== 'text' && block.type !== 'tool-call')
      dropped.add(block.type === 'other' ? block.kind : block.type);
  }
  if (text === '' && calls.length === 0) return [];
  return [
    { role: 'assistant', content: text === '' ? null : text, ...(calls.length === 0 ? {} : { tool_calls: calls }) },
  ];
};

const writeId = (id: string): string => (id.length > MAX_ID ? safeName(id, MAX_ID) : id);

/** R42: results answer the assistant's turn first; what the user says besides comes after. R44: a result's images join that. */
const writeUser = ({ content }: Message): Json[] => {
  const results = content.filter((block) => block.type === 'tool-result');
  const rest = content.filter((block) => block.type !== 'tool-result');
  const media = results.flatMap((result) => result.content.filter((block) => block.type !== 'text'));
  const parts = [...media, ...rest].map(writePart);
  return [...results.map(writeResult), ...(parts.length === 0 ? [] : [{ role: 'user', content: plain(parts) }])];
};

/** R43: one message a result, whatever it holds. R45: OpenAI has no word for a failed tool. */
const writeResult = (result: ToolResultBlock): Json => {
  const text = result.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n');
  const content = result.isError ? `[tool error] ${text}` : text;
  return { role: 'tool', tool_call_id: writeId(result.callId), content };
};

/** A single text is a string: servers that take nothing else exist. */
const plain = (parts: readonly Json[]): unknown =>
  parts.length === 1 && parts[0]?.type === 'text' ? parts[0].text : parts;

const writePart = (block: Block): Json => {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text };
    case 'image': {
      const url =
        block.source.type === 'url' ? block.source.url : `data:${block.source.mediaType};base64,${block.source.data}`;
      return { type: 'image_url', image_url: { url, ...written('detail', block.detail) } };
    }
    case 'document':
      if (block.source.type === 'text') return { type: 'text', text: block.source.text };
      if (block.source.type === 'url') throw refused('document by URL', 'documents as base64');
      return {
        type: 'file',
        file: {
          filename: block.name ?? 'document',
          file_data: `data:${block.source.mediaType};base64,${block.source.data}`,
        },
      };
    case 'audio':
      return { type: 'input_audio', input_audio: { format: block.format, data: block.data } };
    default:
      throw refused(block.type === 'other' ? block.kind : block.type, 'text, images, files and audio');
  }
};

const refused = (kind: string, expected: string): Refusal =>
  new Refusal('unsupported_content', { kind }, { param: 'messages', expected });

/** R23: strict only where the schema can be made to keep its rules. */
const writeTool = (tool: Tool): Json => {
  const parameters = tool.parameters ?? { type: 'object', properties: {} }; // R16
  const strict = tool.strict === true ? toStrictSchema(parameters) : undefined;
  return {
    type: 'function',
    function: {
      name: safeName(tool.name, MAX_TOOL_NAME),
      ...written('description', tool.description === '' ? undefined : tool.description),
      parameters: strict ?? parameters,
      ...written('strict', strict === undefined ? undefined : true),
    },
  };
};

const writeToolChoice = (choice: ToolChoice | undefined): unknown =>
  choice?.type === 'tool'
    ? { type: 'function', function: { name: safeName(choice.name, MAX_TOOL_NAME) } }
    : choice?.type;

/** R71. */
const writeResponseFormat = ({ responseFormat }: LlmRequest, dropped: Set<string>): Json | undefined => {
  if (responseFormat === undefined) return undefined;
  if (responseFormat.type === 'json') return { type: 'json_object' };
  const { schema, strict } = responseFormat;
  const closed = strict ? toStrictSchema(schema) : undefined;
  if (strict && closed === undefined) dropped.add('strict');
  const name = safeName(responseFormat.name === '' ? 'answer' : responseFormat.name, MAX_TOOL_NAME);
  return { type: 'json_schema', json_schema: { name, schema: closed ?? schema, strict: closed !== undefined } };
};
