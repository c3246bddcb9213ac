import { type Fields, fieldsOf, isObject, isSent, listOf, stringOf } from '../json.ts';
import type { SimRequest } from '../simulator.ts';
import { checkStrictSchema } from './check-strict-schema.ts';
import { itemsOf } from './read-responses.ts';
import { badField } from './reject-openai.ts';

const ROLES = ['user', 'assistant', 'system', 'developer'];
/** The parts that each side may speak in. */
const PARTS: Readonly<Record<'input' | 'output', readonly string[]>> = {
  input: ['input_text', 'input_image', 'input_file'],
  output: ['output_text', 'refusal'],
};

const checkItems = (request: SimRequest, items: readonly Fields[]): void => {
  const calls = new Set<string>();
  const answered = new Set<string>();
  for (const [index, item] of items.entries()) {
    const at = `input[${index}]`;
    if (item.type === 'function_call') {
      if (typeof item.arguments !== 'string')
        throw badField(
          request,
          `Missing required parameter: '${at}.arguments'.`,
          `${at}.arguments`,
          'missing_required_parameter',
        );
      calls.add(stringOf(item.call_id));
    } else if (item.type === 'function_call_output') {
      const id = stringOf(item.call_id);
      if (!calls.has(id))
        throw badField(request, `No tool call found for function call output with call_id ${id}.`, 'input');
      answered.add(id);
    } else if (item.type === undefined || item.type === 'message') {
      if (!ROLES.includes(stringOf(item.role)))
        throw badField(request, `Invalid value: '${stringOf(item.role)}'.`, `${at}.role`, 'invalid_value');
      if (typeof item.content !== 'string' && !Array.isArray(item.content))
        throw badField(
          request,
          `Missing required parameter: '${at}.content'.`,
          `${at}.content`,
          'missing_required_parameter',
        );
      const allowed = PARTS[item.role === 'assistant' ? 'output' : 'input'];
      const wrong = listOf(item.content).findIndex((part) => !allowed.includes(stringOf(fieldsOf(part).type)));
      if (wrong >= 0) {
        throw badField(
          request,
          `Invalid value: '${stringOf(fieldsOf(listOf(item.content)[wrong]).type)}'. Supported values are: ${allowed.map((type) => `'${type}'`).join(', ')}.`,
          `${at}.content[${wrong}].type`,
          'invalid_value',
        );
      }
    } else if (item.type !== 'reasoning') {
      throw badField(request, `Invalid value: '${stringOf(item.type)}'.`, `${at}.type`, 'invalid_value');
    }
  }
  const open = [...calls].find((id) => !answered.has(id));
  if (open !== undefined) throw badField(request, `No tool output found for function call ${open}.`, 'input');
};

const checkTools = (request: SimRequest, body: Fields): void => {
  const tools = listOf(body.tools).map(fieldsOf);
  for (const [index, tool] of tools.entries()) {
    if (tool.type !== 'function') continue;
    if (stringOf(tool.name) === '')
      throw badField(
        request,
        `Missing required parameter: 'tools[${index}].name'.`,
        `tools[${index}].name`,
        'missing_required_parameter',
      );
    if (tool.strict === true)
      checkStrictSchema(request, tool.parameters, `function '${stringOf(tool.name)}'`, `tools[${index}].parameters`);
  }
  const choice = body.tool_choice;
  const forces = choice === 'required' || isObject(choice);
  if (forces && tools.length === 0)
    throw badField(request, "Tool choice requires 'tools' to be specified.", 'tool_choice');
  const name = fieldsOf(choice).type === 'function' ? stringOf(fieldsOf(choice).name) : undefined;
  if (name !== undefined && !tools.some((tool) => tool.name === name)) {
    throw badField(request, `Tool choice 'function' not found in 'tools' parameter.`, 'tool_choice');
  }
};

/** Refuses what the responses API refuses, and the state that a stateless server does not have. Errors: `Rejection`. */
export const checkResponses = (request: SimRequest, body: Fields): void => {
  if (!isSent(body.input))
    throw badField(request, "Missing required parameter: 'input'.", 'input', 'missing_required_parameter');
  const items = itemsOf(body.input);
  if (items.length === 0) throw badField(request, "Invalid 'input': empty array.", 'input', 'empty_array');
  if (isSent(body.previous_response_id)) {
    throw badField(
      request,
      `Previous response with id '${stringOf(body.previous_response_id)}' not found.`,
      'previous_response_id',
      'previous_response_not_found',
    );
  }
  checkItems(request, items);
  checkTools(request, body);
  if (isSent(body.max_output_tokens) && Number(body.max_output_tokens) < 16) {
    throw badField(
      request,
      `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got ${Number(body.max_output_tokens)} instead.`,
      'max_output_tokens',
      'integer_below_min_value',
    );
  }
  const format = fieldsOf(fieldsOf(body.text).format);
  if (format.type === 'json_schema') {
    if (stringOf(format.name) === '')
      throw badField(
        request,
        "Missing required parameter: 'text.format.name'.",
        'text.format.name',
        'missing_required_parameter',
      );
    if (format.strict === true)
      checkStrictSchema(request, format.schema, `response_format '${stringOf(format.name)}'`, 'text.format.schema');
  }
  for (const field of ['response_format', 'messages', 'max_tokens', 'max_completion_tokens', 'stop']) {
    if (isSent(body[field]))
      throw badField(request, `Unsupported parameter: '${field}'.`, field, 'unsupported_parameter');
  }
};
