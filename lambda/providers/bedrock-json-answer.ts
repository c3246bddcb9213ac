import type { LlmRequest, Tool } from '../core/llm.ts';
import { JSON_TOOL } from './anthropic-request.ts';
import { toAnthropicSchema } from './anthropic-schema.ts';
import type { BedrockFacts } from './bedrock-facts.ts';
import type { Json } from './provider.ts';

const saysSomething = (schema: Json): boolean => Object.keys(schema).length > 0;

const nativeSchema = ({ responseFormat }: LlmRequest, { jsonSchema }: BedrockFacts): Json | undefined =>
  responseFormat?.type === 'json-schema' && jsonSchema && saysSomething(responseFormat.schema)
    ? responseFormat.schema
    : undefined;

/** R67: natively where the model can … The schema is text there. */
export const outputConfig = (prompt: LlmRequest, facts: BedrockFacts, dropped: Set<string>): Json => {
  const asked = nativeSchema(prompt, facts);
  if (asked === undefined || prompt.responseFormat?.type !== 'json-schema') return {};
  const { schema, loosened } = toAnthropicSchema(asked);
  if (loosened) dropped.add('response_format (limits of values)');
  const jsonSchema = { schema: JSON.stringify(schema), name: prompt.responseFormat.name };
  return { outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema } } } };
};

/** … as a forced tool where it can't, unless the caller has tools of its own … */
export const jsonToolOf = ({ responseFormat, tools }: LlmRequest, facts: BedrockFacts): Tool | undefined =>
  responseFormat?.type === 'json-schema' &&
  !facts.jsonSchema &&
  facts.choices !== 'none' &&
  tools.length === 0 &&
  saysSomething(responseFormat.schema) &&
  (responseFormat.schema.type ?? 'object') === 'object'
    ? {
        name: JSON_TOOL,
        description: 'Gives the answer in the form that was asked for.',
        parameters: responseFormat.schema,
      }
    : undefined;

/** … and in words where neither can be. R69: plain JSON mode is a request, there is no switch for it. */
export const jsonInstruction = (
  prompt: LlmRequest,
  facts: BedrockFacts,
  jsonTool: Tool | undefined,
  dropped: Set<string>,
): Json[] => {
  const { responseFormat } = prompt;
  if (responseFormat === undefined || jsonTool !== undefined || nativeSchema(prompt, facts) !== undefined) return [];
  dropped.add('response_format (asked for in words)');
  const schema = responseFormat.type === 'json-schema' ? responseFormat.schema : {};
  const form = saysSomething(schema) ? ` that keeps to this JSON schema: ${JSON.stringify(schema)}` : '';
  return [{ text: `Answer with one JSON object and nothing else${form}.` }];
};
