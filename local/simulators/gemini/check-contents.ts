import { type Fields, fieldsOf, isSent, listOf, stringOf } from '../json.ts';
import { checkNames } from './check-names.ts';
import { signsThoughts } from './gemini-models.ts';
import { badArgument } from './reject-gemini.ts';

const BASE64 = /^[A-Za-z0-9+/_-]+=*$/;
const NO_SIGNATURE_CHECK = 'skip_thought_signature_validator';
/** Signs every simulated thought. */
export const THOUGHT_SIGNATURE = 'c2ltdWxhdGVkLXRob3VnaHQ=';

/** Refuses a part that the API refuses. Errors: `Rejection`. */
export const checkPart = (raw: unknown, at: string): Fields => {
  const part = checkNames(raw, 'part', at);
  const data = [
    'text',
    'inlineData',
    'fileData',
    'functionCall',
    'functionResponse',
    'executableCode',
    'codeExecutionResult',
  ].filter((name) => isSent(part[name]));
  if (data.length === 0)
    throw badArgument(
      `* GenerateContentRequest.${at}.data: required oneof field 'data' must have one initialized field`,
    );
  if (data.length > 1)
    throw badArgument(`Invalid value at '${at}' (oneof), oneof field 'data' is already set. Cannot set '${data[1]}'`);
  if (isSent(part.text) && stringOf(part.text).trim() === '' && !isSent(part.thoughtSignature)) {
    throw badArgument('Unable to submit request because it must have a non-empty text parameter.');
  }
  if (isSent(part.inlineData)) {
    const { mimeType, data: bytes } = checkNames(part.inlineData, 'inlineData', `${at}.inline_data`);
    if (!/^[a-z]+\/[\w.+-]+/.test(stringOf(mimeType)))
      throw badArgument(`* GenerateContentRequest.${at}.inline_data.mime_type: must be set`);
    if (!BASE64.test(stringOf(bytes)))
      throw badArgument(`Invalid value at '${at}.inline_data.data' (TYPE_BYTES), Base64 decoding failed`);
  }
  if (isSent(part.fileData)) {
    const uri = stringOf(fieldsOf(part.fileData).fileUri);
    const held = /^(gs:\/\/|https:\/\/(generativelanguage\.googleapis\.com|(www\.)?youtube\.com|youtu\.be)\/)/.test(
      uri,
    );
    if (!held) throw badArgument('Cannot fetch content from the provided URL.');
  }
  if (isSent(part.functionCall)) {
    const { name, args } = checkNames(part.functionCall, 'functionCall', `${at}.function_call`);
    if (stringOf(name) === '')
      throw badArgument(`* GenerateContentRequest.${at}.function_call.name: Name cannot be empty.`);
    if (isSent(args) && fieldsOf(args) !== args)
      throw badArgument(`Invalid value at '${at}.function_call.args' (type.googleapis.com/google.protobuf.Struct)`);
  }
  if (isSent(part.functionResponse)) {
    const { name, response } = checkNames(part.functionResponse, 'functionResponse', `${at}.function_response`);
    if (stringOf(name) === '')
      throw badArgument(`* GenerateContentRequest.${at}.function_response.name: Name cannot be empty.`);
    if (fieldsOf(response) !== response)
      throw badArgument(
        `Invalid value at '${at}.function_response.response' (type.googleapis.com/google.protobuf.Struct)`,
      );
  }
  return part;
};

const named = (parts: readonly Fields[], field: 'functionCall' | 'functionResponse'): string[] =>
  parts.filter((part) => isSent(part[field])).map((part) => stringOf(fieldsOf(part[field]).name));

/** Refuses `contents` that the API refuses. Errors: `Rejection`. */
export const checkContents = (model: string, contents: unknown): void => {
  const turns = listOf(contents).map((raw, index) => {
    const at = `contents[${index}]`;
    const content = checkNames(raw, 'content', at);
    if (isSent(content.role) && !['user', 'model', 'function'].includes(stringOf(content.role))) {
      throw badArgument('Please use a valid role: user, model.');
    }
    const parts = listOf(content.parts).map((part, place) => checkPart(part, `${at}.parts[${place}]`));
    if (parts.length === 0)
      throw badArgument(`* GenerateContentRequest.${at}.parts: contents.parts must not be empty.`);
    return { role: content.role, parts };
  });
  if (turns.length === 0) throw badArgument('* GenerateContentRequest.contents: contents is not specified\n');
  for (const [index, { role, parts }] of turns.entries()) {
    const calls = named(parts, 'functionCall');
    const answers = named(parts, 'functionResponse');
    const asked = named(turns[index - 1]?.parts ?? [], 'functionCall');
    if (calls.length > 0 && (role !== 'model' || index === 0 || turns[index - 1]?.role === 'model')) {
      throw badArgument(
        'Please ensure that function call turn comes immediately after a user turn or after a function response turn.',
      );
    }
    if (answers.length > 0 && (role === 'model' || asked.length === 0)) {
      throw badArgument('Please ensure that function response turn comes immediately after a function call turn.');
    }
    if (asked.length !== answers.length || answers.toSorted().join() !== asked.toSorted().join()) {
      throw badArgument(
        'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
      );
    }
  }
  if (named(turns.at(-1)?.parts ?? [], 'functionCall').length > 0) {
    throw badArgument('Please ensure that function call turn is followed by a function response turn.');
  }
  const lastUserText = turns.findLastIndex(
    ({ role, parts }) => role !== 'model' && parts.some((part) => isSent(part.text)),
  );
  for (const { parts } of signsThoughts(model) ? turns.slice(lastUserText + 1) : []) {
    const first = parts.find((part) => isSent(part.functionCall));
    if (first === undefined || [THOUGHT_SIGNATURE, NO_SIGNATURE_CHECK].includes(stringOf(first.thoughtSignature)))
      continue;
    throw badArgument(
      `Function call \`${stringOf(fieldsOf(first.functionCall).name)}\` is missing a \`thought_signature\` in functionCall parts. This is required for tools to work correctly.`,
    );
  }
};
