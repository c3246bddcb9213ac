import { type Fields, isSent, listOf, stringOf } from '../json.ts';
import { checkContents, checkPart } from './check-contents.ts';
import { checkNames } from './check-names.ts';
import { checkSchema } from './check-schema.ts';
import { signsThoughts } from './gemini-models.ts';
import { badArgument } from './reject-gemini.ts';

const TOOL_NAME = /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/;
const checkTools = (body: Fields): void => {
  const names = listOf(body.tools).flatMap((raw, index) => {
    const tool = checkNames(raw, 'tool', `tools[${index}]`);
    return listOf(tool.functionDeclarations).map((each, place) => {
      const at = `tools[${index}].function_declarations[${place}]`;
      const { name, parameters, parametersJsonSchema } = checkNames(each, 'declaration', at);
      if (!TOOL_NAME.test(stringOf(name))) {
        throw badArgument(
          `* GenerateContentRequest.${at}.name: Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 64.`,
        );
      }
      if (isSent(parameters) && isSent(parametersJsonSchema)) {
        throw badArgument(
          `* GenerateContentRequest.${at}: parameters and parameters_json_schema are mutually exclusive.`,
        );
      }
      if (isSent(parameters)) checkSchema(parameters, `${at}.parameters`);
      return stringOf(name);
    });
  });
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw badArgument(`Duplicate function declaration found: ${twice}`);
  const config = checkNames(body.toolConfig, 'toolConfig', 'tool_config');
  const { mode, allowedFunctionNames } = checkNames(
    config.functionCallingConfig,
    'functionCallingConfig',
    'tool_config.function_calling_config',
  );
  if (isSent(mode) && !['AUTO', 'ANY', 'NONE', 'VALIDATED'].includes(stringOf(mode))) {
    throw badArgument(
      `Invalid value at 'tool_config.function_calling_config.mode' (type.googleapis.com/google.ai.generativelanguage.v1beta.FunctionCallingConfig.Mode), "${stringOf(mode)}"`,
    );
  }
  if (isSent(mode) && mode !== 'NONE' && names.length === 0)
    throw badArgument('Function calling config is set without function_declarations.');
  const allowed = listOf(allowedFunctionNames).map(stringOf);
  if (allowed.length > 0 && mode !== 'ANY' && mode !== 'VALIDATED') {
    throw badArgument('Function calling mode must be ANY or VALIDATED when allowed_function_names is set.');
  }
  const stranger = allowed.find((name) => !names.includes(name));
  if (stranger !== undefined)
    throw badArgument(`allowed_function_names contains a function that is not declared: ${stranger}`);
};

const checkRange = (config: Fields, field: string, from: number, to: number): void => {
  const value = config[field];
  if (value === undefined) return;
  if (typeof value !== 'number') throw badArgument(`Invalid value at 'generation_config.${field}'`);
  if (value < from || value > to)
    throw badArgument(`* GenerateContentRequest.generation_config.${field}: must be in the range [${from}, ${to}].`);
};

const checkConfig = (model: string, body: Fields): void => {
  const config = checkNames(body.generationConfig, 'generationConfig', 'generation_config');
  checkRange(config, 'temperature', 0, 2);
  checkRange(config, 'topP', 0, 1);
  checkRange(config, 'candidateCount', 1, 8);
  checkRange(config, 'maxOutputTokens', 1, 65_536);
  if (config.stopSequences !== undefined && !Array.isArray(config.stopSequences))
    throw badArgument("Invalid value at 'generation_config.stop_sequences'");
  if (listOf(config.stopSequences).length > 5)
    throw badArgument('* GenerateContentRequest.generation_config.stop_sequences: at most 5 stop sequences.');
  const { thinkingBudget, thinkingLevel } = checkNames(
    config.thinkingConfig,
    'thinkingConfig',
    'generation_config.thinking_config',
  );
  if (isSent(thinkingBudget) && isSent(thinkingLevel))
    throw badArgument('You can only set only one of thinking budget and thinking level.');
  if (isSent(thinkingLevel) && !signsThoughts(model))
    throw badArgument('Thinking level is not supported for this model.');
  const json = config.responseMimeType === 'application/json';
  if (isSent(config.responseSchema) && isSent(config.responseJsonSchema)) {
    throw badArgument(
      '* GenerateContentRequest.generation_config: response_schema and response_json_schema are mutually exclusive.',
    );
  }
  if ((isSent(config.responseSchema) || isSent(config.responseJsonSchema)) && !json) {
    throw badArgument(
      "* GenerateContentRequest.generation_config.response_schema: only allowed when response_mime_type is 'application/json'",
    );
  }
  if (isSent(config.responseSchema)) checkSchema(config.responseSchema, 'generation_config.response_schema');
  if (json && listOf(body.tools).length > 0 && /^gemini-2/.test(model)) {
    throw badArgument("Function calling with a response mime type: 'application/json' is unsupported");
  }
};

/** Refuses what generateContent refuses, unknown fields included. Errors: `Rejection` in the API's own words. */
export const checkGenerate = (model: string, body: Fields): void => {
  checkNames(body, 'top', '');
  const system = checkNames(body.systemInstruction, 'content', 'system_instruction');
  const parts = listOf(system.parts).map((part, index) => checkPart(part, `system_instruction.parts[${index}]`));
  if (isSent(body.systemInstruction) && parts.length === 0) {
    throw badArgument('* GenerateContentRequest.system_instruction.parts: must not be empty.');
  }
  checkContents(model, body.contents);
  checkTools(body);
  checkConfig(model, body);
};
