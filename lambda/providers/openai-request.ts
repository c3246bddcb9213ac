import type { Block, LlmCall, LlmRequest, Message, Tool, ToolChoice, ToolResultBlock } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';
import type { Json } from './provider.ts';

/** The hub → OpenAI chat completions, for callers who speak another dialect. */
export const writeOpenAiRequest = (call: LlmCall): { body: Json; dropped: string[] } => {
  const { prompt } = call;
  const body = {
    messages: writeMessages(prompt),
    ...written('tools', prompt.tools.length === 0 ? undefined : prompt.tools.map(writeTool)),
    ...written('tool_choice', prompt.tools.length === 0 ? undefined : writeToolChoice(prompt.toolChoice)), // R30
    ...written('parallel_tool_calls', prompt.tools.length === 0 ? undefined : prompt.parallelToolCalls),
    ...written('max_tokens', prompt.maxTokens),
    ...written('temperature', prompt.temperature),
    ...written('top_p', prompt.topP),
    ...written('stop', prompt.stop.length === 0 ? undefined : prompt.stop),
    ...written('seed', prompt.seed),
    ...written('presence_penalty', prompt.presencePenalty),
    ...written('frequency_penalty', prompt.frequencyPenalty),
    ...written('reasoning_effort', effortOf(prompt)),
    ...written('response_format', writeResponseFormat(prompt)),
    ...written('user', prompt.user),
  };
  return {
    body,
    dropped: [...prompt.foreign, ...prompt.foreignTools, ...(prompt.topK === undefined ? [] : ['top_k'])],
  };
};

const written = (name: string, value: unknown): Json => (value === undefined ? {} : { [name]: value });

const writeMessages = (prompt: LlmRequest): Json[] => {
  const system = prompt.system.map(({ text }) => text).join('\n\n'); // R5
  return [...(system === '' ? [] : [{ role: 'system', content: system }]), ...prompt.messages.flatMap(writeMessage)];
};

const writeMessage = (message: Message): Json[] =>
  message.role === 'assistant' ? [writeAssistant(message)] : writeUser(message);

const writeAssistant = ({ content }: Message): Json => {
  const text = content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('');
  const calls = content.flatMap((block) =>
    block.type === 'tool-call'
      ? [{ id: block.id, type: 'function', function: { name: block.name, arguments: block.arguments || '{}' } }]
      : [],
  );
  return {
    role: 'assistant',
    content: text === '' ? null : text,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
};

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
  return { role: 'tool', tool_call_id: result.callId, content: result.isError ? `[tool error] ${text}` : text };
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
      if (block.source.type === 'url')
        throw new Refusal(
          'unsupported_content',
          {},
          { param: 'messages', expected: 'documents by URL are not taken: send base64' },
        );
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
      throw new Refusal('unsupported_content', { kind: block.type }, { param: 'messages' });
  }
};

const writeTool = (tool: Tool): Json => ({
  type: 'function',
  function: {
    name: tool.name,
    ...written('description', tool.description),
    parameters: tool.parameters ?? { type: 'object', properties: {} },
    ...written('strict', tool.strict),
  },
});

const writeToolChoice = (choice: ToolChoice | undefined): unknown =>
  choice?.type === 'tool' ? { type: 'function', function: { name: choice.name } } : choice?.type;

/** R74: a budget of thinking tokens as the effort that comes nearest. */
const effortOf = ({ reasoning }: LlmRequest): string | undefined => {
  if (reasoning?.effort !== undefined) return reasoning.effort;
  if (reasoning?.budgetTokens === undefined) return undefined;
  if (reasoning.budgetTokens <= 1024) return 'low';
  return reasoning.budgetTokens <= 8192 ? 'medium' : 'high';
};

const writeResponseFormat = ({ responseFormat }: LlmRequest): Json | undefined => {
  if (responseFormat === undefined) return undefined;
  if (responseFormat.type === 'json') return { type: 'json_object' };
  const { name, schema, strict } = responseFormat;
  return { type: 'json_schema', json_schema: { name, schema, strict } };
};
