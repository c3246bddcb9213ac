import type { LlmRequest, Tool } from '../core/llm.ts';
import type { GeminiFacts } from './gemini-facts.ts';
import type { Drop } from './gemini-parameters.ts';
import { toOpenApiSchema } from './gemini-schema.ts';
import { safeName } from './names.ts';
import type { Json } from './provider.ts';

const TAKEN = /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/;

/**
 * A tool's name as Gemini takes it (R21): the dots and colons that others refuse are fine, a digit in front is not. The dot
 * that is added makes `safeName` append its digest, so that no two names become one.
 */
export const geminiName = (name: string): string => (TAKEN.test(name) ? name : safeName(`f.${name}`, 64));

/** Gemini's names back to the caller's. */
export const geminiNames = (tools: readonly Tool[]): ReadonlyMap<string, string> =>
  new Map(tools.map(({ name }) => [geminiName(name), name]));

/** `tools` and `toolConfig`. Source: Gemini API reference, v1beta, "Tool" and "FunctionCallingConfig". */
export const writeGeminiTools = (prompt: LlmRequest, facts: GeminiFacts, drop: Drop): Json => {
  const { tools, toolChoice, parallelToolCalls } = prompt;
  if (tools.length === 0) {
    if (toolChoice !== undefined) drop('tool_choice'); // R30
    return {};
  }
  if (parallelToolCalls === false) drop('parallel_tool_calls'); // R32: no switch.
  if (tools.some(({ strict }) => strict === true)) drop('strict'); // R23
  const declarations = tools.map((tool) => writeTool(tool, facts));
  const config = writeChoice(toolChoice);
  return {
    tools: [{ functionDeclarations: declarations }], // R15: all of them in one.
    ...(config === undefined ? {} : { toolConfig: { functionCallingConfig: config } }),
  };
};

const writeTool = ({ name, description, parameters }: Tool, { jsonSchema }: GeminiFacts): Json => ({
  name: geminiName(name),
  ...(description === undefined || description === '' ? {} : { description }),
  ...(parameters === undefined || takesNothing(parameters)
    ? {}
    : jsonSchema
      ? { parametersJsonSchema: { type: 'object', ...parameters } } // R18
      : { parameters: toOpenApiSchema({ type: 'object', ...parameters }, 'tools') }),
});

/** R16: an object without properties is an error on older models; saying nothing means the same. */
const takesNothing = ({
  type,
  properties,
  additionalProperties,
  description: _,
  $schema: __,
  title: ___,
  ...rest
}: Json) =>
  (type === undefined || type === 'object') &&
  Object.keys(properties ?? {}).length === 0 &&
  (additionalProperties === undefined || typeof additionalProperties === 'boolean') &&
  Object.values(rest).every((value) => Array.isArray(value) && value.length === 0);

/** R27. */
const writeChoice = (choice: LlmRequest['toolChoice']): Json | undefined => {
  switch (choice?.type) {
    case undefined:
      return undefined;
    case 'auto':
      return { mode: 'AUTO' };
    case 'none':
      return { mode: 'NONE' };
    case 'required':
      return { mode: 'ANY' };
    case 'tool':
      return { mode: 'ANY', allowedFunctionNames: [geminiName(choice.name)] };
  }
};
