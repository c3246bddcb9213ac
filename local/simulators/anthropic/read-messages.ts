import type { OfferedTool, Prompt, Turn } from '../brain.ts';
import { type Fields, fieldsOf, listOf, stringOf } from '../json.ts';

/** The blocks of a content field, which is a string or a list. */
export const blocksOf = (content: unknown): Fields[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : listOf(content).map(fieldsOf);

const textOf = (blocks: readonly Fields[]): string =>
  blocks
    .filter((block) => block.type === 'text')
    .map((block) => stringOf(block.text))
    .join('');

const charsOf = (block: Fields): number => {
  if (block.type === 'tool_use') return stringOf(block.name).length + JSON.stringify(block.input ?? {}).length;
  if (block.type === 'tool_result') return textOf(blocksOf(block.content)).length;
  return stringOf(block.text).length + stringOf(block.thinking).length;
};

const turnOf = (message: Fields): Turn => {
  const blocks = blocksOf(message.content);
  const results = blocks.filter((block) => block.type === 'tool_result');
  const all = [...blocks, ...results.flatMap((result) => blocksOf(result.content))];
  return {
    role: message.role === 'assistant' ? 'assistant' : 'user',
    text: textOf(blocks),
    images: all.filter((block) => block.type === 'image').length,
    documents: all.filter((block) => block.type === 'document').length,
    toolResults: results.map((result) => textOf(blocksOf(result.content))),
    chars: blocks.reduce((sum, block) => sum + charsOf(block), 0),
  };
};

const choiceOf = (choice: Fields): Prompt['toolChoice'] => {
  if (choice.type === 'tool') return { name: stringOf(choice.name) };
  return choice.type === 'any' || choice.type === 'none' ? choice.type : 'auto';
};

const offered = (tools: unknown): OfferedTool[] =>
  listOf(tools)
    .map(fieldsOf)
    .map((tool) => ({ name: stringOf(tool.name), schema: tool.input_schema ?? { type: 'object' } }));

/** A messages body in the brain's words. */
export const readMessages = (model: string, body: Fields): Prompt => ({
  provider: 'anthropic',
  model,
  system: blocksOf(body.system ?? [])
    .map((block) => stringOf(block.text))
    .filter((text) => text !== ''),
  turns: listOf(body.messages).map(fieldsOf).map(turnOf),
  tools: offered(body.tools),
  toolChoice: choiceOf(fieldsOf(body.tool_choice)),
  parallelCalls: fieldsOf(body.tool_choice).disable_parallel_tool_use !== true,
  answerSchema: fieldsOf(fieldsOf(body.output_config).format).schema,
  stop: listOf(body.stop_sequences).map(stringOf),
  maxTokens: typeof body.max_tokens === 'number' ? body.max_tokens : undefined,
  reasons: ['enabled', 'adaptive'].includes(stringOf(fieldsOf(body.thinking).type)),
});
