import type { Effort, LlmRequest, ResponseFormat } from '../../core/llm.ts';
import { Refusal } from '../../core/refusal.ts';
import {
  invalid,
  isObject,
  isSet,
  type Json,
  objectAt,
  oneOf,
  optionalBoolean,
  optionalInteger,
  optionalNumber,
  optionalString,
  present,
  stringAt,
} from './fields.ts';
import { Lost } from './lost.ts';
import { readResponseInput } from './read-response-input.ts';
import { readResponseToolChoice, readResponseTools } from './read-response-tools.ts';

/**
 * OpenAI `POST /v1/responses` → the hub (R148).
 * Source: https://platform.openai.com/docs/api-reference/responses/create.
 */
export const readOpenAiResponses = (body: Json): LlmRequest => {
  refuseBackground(body);
  const lost = new Lost();
  for (const name of Object.keys(body)) if (!KNOWN.has(name) && isSet(body[name])) lost.add(name);
  loseWhatIsAsked(body, lost);
  const { system, messages } = readResponseInput(body, lost);
  const { tools, foreignTools } = readResponseTools(body);
  const toolChoice = readResponseToolChoice(body, tools, foreignTools.length > 0, lost);
  const instructions = optionalString(body, 'instructions');
  return {
    system: [...(instructions ? [{ type: 'text' as const, text: instructions }] : []), ...system],
    messages,
    tools,
    stop: [],
    ...present({
      toolChoice,
      parallelToolCalls: optionalBoolean(body, 'parallel_tool_calls'),
      maxTokens: optionalInteger(body, 'max_output_tokens', 1),
      temperature: optionalNumber(body, 'temperature', 0, 2),
      topP: optionalNumber(body, 'top_p', 0, 1),
      responseFormat: readFormat(body, lost),
      reasoning: readReasoning(body, lost),
      user: optionalString(body, 'safety_identifier') ?? optionalString(body, 'user'),
      serviceTier: optionalString(body, 'service_tier'),
    }),
    foreign: lost.names,
    foreignTools,
  };
};

/** The stream of this dialect always tells its usage. */
export const responsesStreamOf = (body: Json): { stream: boolean; includeUsage: boolean } => ({
  stream: optionalBoolean(body, 'stream') ?? false,
  includeUsage: true,
});

/** What the hub has a word for, what the answer repeats to the caller, and what `loseWhatIsAsked` looks at. */
const KNOWN = new Set([
  'model',
  'input',
  'instructions',
  'stream',
  'stream_options',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'max_output_tokens',
  'temperature',
  'top_p',
  'text',
  'reasoning',
  'user',
  'safety_identifier',
  'service_tier',
  'metadata',
  'background',
  'store',
  'include',
  'truncation',
]);

/** What runs on after its answer would be used without being counted, and there is nowhere to fetch it from. */
const refuseBackground = (body: Json): void => {
  if (optionalBoolean(body, 'background') !== true) return;
  const expected = 'expected false: this gateway answers while the caller waits';
  throw new Refusal('unsupported_parameter', {}, { param: 'background', expected });
};

/** These have a value that every provider honours, and others that only OpenAI does. */
const loseWhatIsAsked = (body: Json, lost: Lost): void => {
  if (body.store === true) lost.add('store');
  if (isSet(body.truncation) && body.truncation !== 'disabled') lost.add('truncation');
  if (isObject(body.stream_options) && body.stream_options.include_obfuscation === true) lost.add('stream_options');
  const include = Array.isArray(body.include) ? body.include : [];
  if (include.some((what) => what !== 'reasoning.encrypted_content')) lost.add('include'); // That one is always there.
};

const readFormat = (body: Json, lost: Lost): ResponseFormat | undefined => {
  if (!isSet(body.text)) return undefined;
  const text = objectAt(body.text, 'text');
  lost.rest('text', text, new Set(['format']));
  if (!isSet(text.format)) return undefined;
  const format = objectAt(text.format, 'text.format');
  const type = oneOf(format.type, 'text.format.type', ['text', 'json_object', 'json_schema']);
  if (type === 'text') return undefined;
  if (type === 'json_object') return { type: 'json' };
  return {
    type: 'json-schema',
    name: stringAt(format.name, 'text.format.name'),
    schema: objectAt(format.schema, 'text.format.schema'),
    strict: format.strict === true,
  };
};

const EFFORTS = new Map<unknown, Effort>([
  ['none', 'none'],
  ['minimal', 'minimal'],
  ['low', 'low'],
  ['medium', 'medium'],
  ['high', 'high'],
  ['xhigh', 'xhigh'],
  ['max', 'xhigh'],
]);

/** Summaries are not lost: what a provider tells of its thinking is always written as one. */
const readReasoning = (body: Json, lost: Lost): LlmRequest['reasoning'] => {
  if (!isSet(body.reasoning)) return undefined;
  const reasoning = objectAt(body.reasoning, 'reasoning');
  lost.rest('reasoning', reasoning, new Set(['effort', 'summary', 'generate_summary']));
  if (!isSet(reasoning.effort)) return undefined;
  const effort = EFFORTS.get(reasoning.effort);
  if (effort === undefined) throw invalid('reasoning.effort', `expected one of ${[...EFFORTS.keys()].join(', ')}`);
  return { effort };
};
