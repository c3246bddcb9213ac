import type { OfferedTool, Prompt, Turn } from '../brain.ts';
import { type Fields, fieldsOf, isSent, listOf, stringOf } from '../json.ts';
import { isClaude } from './bedrock-models.ts';

const blocksOf = (content: unknown): Fields[] => listOf(content).map(fieldsOf);

const resultOf = (result: unknown): string =>
  blocksOf(fieldsOf(result).content)
    .map((block) => (isSent(block.json) ? JSON.stringify(block.json) : stringOf(block.text)))
    .join('');

const charsOf = (block: Fields): number => {
  if (isSent(block.toolUse)) {
    const { name, input } = fieldsOf(block.toolUse);
    return stringOf(name).length + JSON.stringify(input ?? {}).length;
  }
  if (isSent(block.toolResult)) return resultOf(block.toolResult).length;
  return stringOf(block.text).length + stringOf(fieldsOf(fieldsOf(block.reasoningContent).reasoningText).text).length;
};

const turnOf = (message: Fields): Turn => {
  const blocks = blocksOf(message.content);
  const results = blocks.filter((block) => isSent(block.toolResult));
  const all = [...blocks, ...results.flatMap((block) => blocksOf(fieldsOf(block.toolResult).content))];
  return {
    role: message.role === 'assistant' ? 'assistant' : 'user',
    text: blocks.map((block) => stringOf(block.text)).join(''),
    images: all.filter((block) => isSent(block.image)).length,
    documents: all.filter((block) => isSent(block.document)).length,
    toolResults: results.map((block) => resultOf(block.toolResult)),
    chars: blocks.reduce((sum, block) => sum + charsOf(block), 0),
  };
};

const toolsOf = (config: Fields): OfferedTool[] =>
  listOf(config.tools)
    .map((tool) => fieldsOf(fieldsOf(tool).toolSpec))
    .filter((spec) => spec.name !== undefined)
    .map((spec) => ({ name: stringOf(spec.name), schema: fieldsOf(spec.inputSchema).json ?? { type: 'object' } }));

const choiceOf = (choice: Fields): Prompt['toolChoice'] => {
  if (isSent(choice.tool)) return { name: stringOf(fieldsOf(choice.tool).name) };
  return isSent(choice.any) ? 'any' : 'auto';
};

/** Converse carries the schema as text. */
const answerSchemaOf = (outputConfig: unknown): unknown => {
  const { schema } = fieldsOf(fieldsOf(fieldsOf(fieldsOf(outputConfig).textFormat).structure).jsonSchema);
  return typeof schema === 'string' ? (JSON.parse(schema) as unknown) : undefined;
};

/** A Converse body in the brain's words. `id` is what the caller called the model. */
export const readConverse = (id: string, model: string, body: Fields): Prompt => {
  const config = fieldsOf(body.inferenceConfig);
  const toolConfig = fieldsOf(body.toolConfig);
  const more = fieldsOf(body.additionalModelRequestFields);
  return {
    provider: 'bedrock',
    model: id,
    system: blocksOf(body.system)
      .map((block) => stringOf(block.text))
      .filter((text) => text !== ''),
    turns: listOf(body.messages).map(fieldsOf).map(turnOf),
    tools: toolsOf(toolConfig),
    toolChoice: choiceOf(fieldsOf(toolConfig.toolChoice)),
    parallelCalls: fieldsOf(more.tool_choice).disable_parallel_tool_use !== true,
    answerSchema: answerSchemaOf(body.outputConfig),
    stop: listOf(config.stopSequences).map(stringOf),
    maxTokens: isSent(config.maxTokens) ? Number(config.maxTokens) : undefined,
    reasons: isClaude(model) && ['enabled', 'adaptive'].includes(stringOf(fieldsOf(more.thinking).type)),
  };
};
