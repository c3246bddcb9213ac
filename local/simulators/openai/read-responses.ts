import type { OfferedTool, Prompt, Turn } from '../brain.ts';
import { type Fields, fieldsOf, isSent, listOf, stringOf } from '../json.ts';

/** The items of `input`, which is a string or a list. */
export const itemsOf = (input: unknown): Fields[] =>
  typeof input === 'string' ? [{ role: 'user', content: input }] : listOf(input).map(fieldsOf);

const textOf = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : listOf(content)
        .map((part) => stringOf(fieldsOf(part).text) || stringOf(fieldsOf(part).refusal))
        .join('');

const partsOf = (content: unknown, type: string): number =>
  listOf(content).filter((part) => fieldsOf(part).type === type).length;

const NOTHING = { text: '', images: 0, documents: 0, toolResults: [] };

const turnOf = (item: Fields): Turn => {
  if (item.type === 'function_call_output') {
    const result = textOf(item.output);
    return { ...NOTHING, role: 'user', toolResults: [result], chars: result.length };
  }
  if (item.type === 'function_call') {
    return { ...NOTHING, role: 'assistant', chars: stringOf(item.name).length + stringOf(item.arguments).length };
  }
  const text = textOf(item.content);
  return {
    role: item.role === 'assistant' || item.type === 'reasoning' ? 'assistant' : 'user',
    text,
    images: partsOf(item.content, 'input_image'),
    documents: partsOf(item.content, 'input_file'),
    toolResults: [],
    chars: text.length,
  };
};

const choiceOf = (choice: unknown): Prompt['toolChoice'] => {
  if (choice === 'none') return 'none';
  if (choice === 'required') return 'any';
  const { type, mode, name } = fieldsOf(choice);
  if (type === 'allowed_tools') return mode === 'required' ? 'any' : 'auto';
  return type === 'function' ? { name: stringOf(name) } : 'auto';
};

const toolsOf = (body: Fields): OfferedTool[] => {
  const offered = listOf(body.tools)
    .map(fieldsOf)
    .filter((tool) => tool.type === 'function')
    .map((tool) => ({ name: stringOf(tool.name), schema: tool.parameters ?? { type: 'object', properties: {} } }));
  const { type, tools } = fieldsOf(body.tool_choice);
  if (type !== 'allowed_tools') return offered;
  const names = new Set(listOf(tools).map((tool) => stringOf(fieldsOf(tool).name)));
  return offered.filter((tool) => names.has(tool.name));
};

const answerSchemaOf = (format: Fields): unknown => {
  if (format.type === 'json_object') return {};
  return format.type === 'json_schema' ? (format.schema ?? {}) : undefined;
};

/** A responses body in the brain's words. */
export const readResponses = (provider: string, model: string, body: Fields): Prompt => {
  const items = itemsOf(body.input);
  const isSystem = (item: Fields) => item.role === 'system' || item.role === 'developer';
  const effort = fieldsOf(body.reasoning).effort;
  return {
    provider,
    model,
    system: [stringOf(body.instructions), ...items.filter(isSystem).map((item) => textOf(item.content))].filter(
      (text) => text !== '',
    ),
    turns: items.filter((item) => !isSystem(item)).map(turnOf),
    tools: toolsOf(body),
    toolChoice: choiceOf(body.tool_choice),
    parallelCalls: body.parallel_tool_calls !== false,
    answerSchema: answerSchemaOf(fieldsOf(fieldsOf(body.text).format)),
    stop: [],
    maxTokens: isSent(body.max_output_tokens) ? Number(body.max_output_tokens) : undefined,
    reasons: isSent(effort) && effort !== 'none',
  };
};
