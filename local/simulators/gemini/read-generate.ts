import type { OfferedTool, Prompt, Turn } from '../brain.ts';
import { type Fields, fieldsOf, isSent, listOf, stringOf } from '../json.ts';

const partsOf = (content: unknown): Fields[] => listOf(fieldsOf(content).parts).map(fieldsOf);

const textOf = (parts: readonly Fields[]): string =>
  parts
    .filter((part) => part.thought !== true)
    .map((part) => stringOf(part.text))
    .join('');

/** The text of a tool's result: its one conventional field, or all of it. */
const resultOf = (response: unknown): string => {
  const fields = fieldsOf(response);
  const only = Object.keys(fields).length === 1 ? (fields.output ?? fields.result ?? fields.error) : undefined;
  return typeof only === 'string' ? only : JSON.stringify(response ?? {});
};

const isImage = (part: Fields): boolean =>
  [part.inlineData, part.fileData].some((data) => stringOf(fieldsOf(data).mimeType).startsWith('image/'));

const charsOf = (part: Fields): number => {
  if (isSent(part.functionCall)) {
    const { name, args } = fieldsOf(part.functionCall);
    return stringOf(name).length + JSON.stringify(args ?? {}).length;
  }
  if (isSent(part.functionResponse)) return resultOf(fieldsOf(part.functionResponse).response).length;
  return stringOf(part.text).length;
};

const turnOf = (content: Fields): Turn => {
  const parts = partsOf(content);
  const images = parts.filter(isImage).length;
  return {
    role: content.role === 'model' ? 'assistant' : 'user',
    text: textOf(parts),
    images,
    documents: parts.filter((part) => isSent(part.inlineData) || isSent(part.fileData)).length - images,
    toolResults: parts
      .filter((part) => isSent(part.functionResponse))
      .map((part) => resultOf(fieldsOf(part.functionResponse).response)),
    chars: parts.reduce((sum, part) => sum + charsOf(part), 0),
  };
};

const toolsOf = (body: Fields): OfferedTool[] => {
  const { allowedFunctionNames } = fieldsOf(fieldsOf(body.toolConfig).functionCallingConfig);
  return listOf(body.tools)
    .flatMap((tool) => listOf(fieldsOf(tool).functionDeclarations))
    .map(fieldsOf)
    .map((tool) => ({
      name: stringOf(tool.name),
      schema: tool.parametersJsonSchema ?? tool.parameters ?? { type: 'object' },
    }))
    .filter((tool) => !Array.isArray(allowedFunctionNames) || allowedFunctionNames.includes(tool.name));
};

const MODES = new Map<unknown, 'none' | 'any'>([
  ['NONE', 'none'],
  ['ANY', 'any'],
]);

/** A generateContent body in the brain's words. */
export const readGenerate = (model: string, body: Fields): Prompt => {
  const config = fieldsOf(body.generationConfig);
  const schema = config.responseJsonSchema ?? config.responseSchema ?? {};
  const thinking = fieldsOf(config.thinkingConfig);
  return {
    provider: 'gemini',
    model,
    system: partsOf(body.systemInstruction)
      .map((part) => stringOf(part.text))
      .filter((text) => text !== ''),
    turns: listOf(body.contents).map(fieldsOf).map(turnOf),
    tools: toolsOf(body),
    toolChoice: MODES.get(fieldsOf(fieldsOf(body.toolConfig).functionCallingConfig).mode) ?? 'auto',
    parallelCalls: true,
    answerSchema: config.responseMimeType === 'application/json' ? schema : undefined,
    stop: listOf(config.stopSequences).map(stringOf),
    maxTokens: isSent(config.maxOutputTokens) ? Number(config.maxOutputTokens) : undefined,
    reasons: isSent(config.thinkingConfig) && thinking.thinkingBudget !== 0,
  };
};
