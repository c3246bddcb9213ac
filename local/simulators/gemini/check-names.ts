import { type Fields, fieldsOf } from '../json.ts';
import { unknownName } from './reject-gemini.ts';

/** The fields of the messages, camel case. Source: Gemini API reference, v1beta. */
const FIELDS = {
  top: [
    'model',
    'contents',
    'tools',
    'toolConfig',
    'safetySettings',
    'systemInstruction',
    'generationConfig',
    'cachedContent',
    'serviceTier',
  ],
  generationConfig: [
    ...[
      'stopSequences',
      'responseMimeType',
      'responseSchema',
      'responseJsonSchema',
      'responseModalities',
      'candidateCount',
    ],
    ...[
      'maxOutputTokens',
      'temperature',
      'topP',
      'topK',
      'seed',
      'presencePenalty',
      'frequencyPenalty',
      'responseLogprobs',
    ],
    ...['logprobs', 'speechConfig', 'thinkingConfig', 'imageConfig', 'mediaResolution'],
  ],
  thinkingConfig: ['includeThoughts', 'thinkingBudget', 'thinkingLevel'],
  content: ['role', 'parts'],
  part: [
    ...['text', 'inlineData', 'fileData', 'functionCall', 'functionResponse', 'thought', 'thoughtSignature'],
    ...['executableCode', 'codeExecutionResult', 'videoMetadata', 'mediaResolution', 'partMetadata'],
  ],
  functionCall: ['id', 'name', 'args'],
  functionResponse: ['id', 'name', 'response', 'parts', 'willContinue', 'scheduling'],
  inlineData: ['mimeType', 'data'],
  tool: [
    'functionDeclarations',
    'googleSearch',
    'googleSearchRetrieval',
    'codeExecution',
    'urlContext',
    'computerUse',
    'fileSearch',
    'googleMaps',
  ],
  declaration: [
    'name',
    'description',
    'behavior',
    'parameters',
    'parametersJsonSchema',
    'response',
    'responseJsonSchema',
  ],
  toolConfig: ['functionCallingConfig', 'retrievalConfig', 'includeServerSideToolInvocations'],
  functionCallingConfig: ['mode', 'allowedFunctionNames'],
} as const;

/** The object's fields, if the message has all of them. Errors: `Rejection` for an unknown name. */
export const checkNames = (value: unknown, kind: keyof typeof FIELDS, at: string): Fields => {
  const fields = fieldsOf(value);
  const known: readonly string[] = FIELDS[kind];
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown !== undefined) throw unknownName(unknown, at);
  return fields;
};
