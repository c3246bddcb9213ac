import type { OfferedTool, Prompt, Turn } from '../brain.ts';
import { type Fields, fieldsOf, isSent, listOf, stringOf } from '../json.ts';

/** The texts of a content field, which is a string or a list of parts. */
const textsOf = (content: unknown): string[] =>
  typeof content === 'string'
    ? [content]
    : listOf(content)
        .map(fieldsOf)
        .map((part) => stringOf(part.text) || stringOf(part.refusal))
        .filter((text) => text !== '');

const partsOf = (content: unknown, type: string): number =>
  listOf(content).filter((part) => fieldsOf(part).type === type).length;

const turnOf = (message: Fields): Turn => {
  const text = textsOf(message.content).join('');
  const calls = listOf(message.tool_calls).map((call) => fieldsOf(fieldsOf(call).function));
  const callChars = calls.reduce((sum, call) => sum + stringOf(call.name).length + stringOf(call.arguments).length, 0);
  const isTool = message.role === 'tool';
  return {
    role: message.role === 'assistant' ? 'assistant' : 'user',
    text: isTool ? '' : text,
    images: partsOf(message.content, 'image_url'),
    documents: partsOf(message.content, 'file'),
    toolResults: isTool ? [text] : [],
    chars: text.length + callChars,
  };
};

const choiceOf = (choice: unknown): Prompt['toolChoice'] => {
  if (choice === 'none') return 'none';
  if (choice === 'required') return 'any';
  const { type, function: named, allowed_tools: allowed } = fieldsOf(choice);
  if (type === 'allowed_tools') return fieldsOf(allowed).mode === 'required' ? 'any' : 'auto';
  const name = stringOf(fieldsOf(named).name);
  return name === '' ? 'auto' : { name };
};

const toolsOf = (body: Fields): OfferedTool[] => {
  const offered = listOf(body.tools)
    .map((tool) => fieldsOf(fieldsOf(tool).function))
    .map((tool) => ({ name: stringOf(tool.name), schema: tool.parameters ?? { type: 'object', properties: {} } }));
  const allowed = fieldsOf(fieldsOf(body.tool_choice).allowed_tools).tools;
  if (!Array.isArray(allowed)) return offered;
  const names = new Set(allowed.map((tool) => stringOf(fieldsOf(fieldsOf(tool).function).name)));
  return offered.filter((tool) => names.has(tool.name));
};

const answerSchemaOf = (format: Fields): unknown => {
  if (format.type === 'json_object') return {};
  return format.type === 'json_schema' ? (fieldsOf(format.json_schema).schema ?? {}) : undefined;
};

/** A chat completions body in the brain's words. */
export const readChat = (provider: string, model: string, body: Fields): Prompt => {
  const messages = listOf(body.messages).map(fieldsOf);
  const isSystem = (message: Fields) => message.role === 'system' || message.role === 'developer';
  const maxTokens = body.max_completion_tokens ?? body.max_tokens;
  return {
    provider,
    model,
    system: messages.filter(isSystem).flatMap((message) => textsOf(message.content)),
    turns: messages.filter((message) => !isSystem(message)).map(turnOf),
    tools: toolsOf(body),
    toolChoice: choiceOf(body.tool_choice),
    parallelCalls: body.parallel_tool_calls !== false,
    answerSchema: answerSchemaOf(fieldsOf(body.response_format)),
    stop: typeof body.stop === 'string' ? [body.stop] : listOf(body.stop).map(stringOf),
    maxTokens: isSent(maxTokens) ? Number(maxTokens) : undefined,
    reasons: isSent(body.reasoning_effort) && body.reasoning_effort !== 'none',
  };
};
