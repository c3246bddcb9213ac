import { type Fields, fieldsOf, isObject, isSent, stringOf } from '../json.ts';
import type { SimRequest } from '../simulator.ts';
import { checkChatMessages } from './check-chat-messages.ts';
import { checkStrictSchema } from './check-strict-schema.ts';
import { isReasoningModel } from './openai-models.ts';
import { badField } from './reject-openai.ts';

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

const range = (request: SimRequest, body: Fields, field: string, from: number, to: number): void => {
  const value = body[field];
  if (!isSent(value)) return;
  if (typeof value !== 'number')
    throw badField(request, `Invalid type for '${field}': expected a number.`, field, 'invalid_type');
  if (value < from) {
    throw badField(
      request,
      `Invalid '${field}': decimal below minimum value. Expected a value >= ${from}, but got ${value} instead.`,
      field,
      'decimal_below_min_value',
    );
  }
  if (value > to) {
    throw badField(
      request,
      `Invalid '${field}': decimal above maximum value. Expected a value <= ${to}, but got ${value} instead.`,
      field,
      'decimal_above_max_value',
    );
  }
};

const checkTools = (request: SimRequest, body: Fields): void => {
  if (!isSent(body.tools)) {
    for (const field of ['tool_choice', 'parallel_tool_calls']) {
      if (isSent(body[field]))
        throw badField(
          request,
          `Invalid value for '${field}': '${field}' is only allowed when 'tools' are specified.`,
          field,
        );
    }
    return;
  }
  if (!Array.isArray(body.tools) || body.tools.length === 0) {
    throw badField(
      request,
      "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.",
      'tools',
      'empty_array',
    );
  }
  const names = body.tools.map(fieldsOf).map((tool, index) => {
    const at = `tools[${index}]`;
    if (tool.type !== 'function' && tool.type !== 'custom')
      throw badField(
        request,
        `Invalid value: '${stringOf(tool.type)}'. Supported values are: 'function' and 'custom'.`,
        `${at}.type`,
        'invalid_value',
      );
    const described = fieldsOf(tool.function);
    const name = stringOf(described.name);
    if (tool.type === 'function' && !NAME.test(name)) {
      throw badField(
        request,
        `Invalid '${at}.function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`,
        `${at}.function.name`,
        'invalid_value',
      );
    }
    if (isSent(described.parameters) && fieldsOf(described.parameters).type !== 'object') {
      throw badField(
        request,
        `Invalid schema for function '${name}': schema must be a JSON Schema of 'type: "object"'.`,
        `${at}.function.parameters`,
        'invalid_function_parameters',
      );
    }
    if (described.strict === true)
      checkStrictSchema(request, described.parameters, `function '${name}'`, `${at}.function.parameters`);
    return name;
  });
  const chosen = fieldsOf(fieldsOf(body.tool_choice).function).name;
  if (isSent(chosen) && !names.includes(stringOf(chosen))) {
    throw badField(
      request,
      `Invalid value for 'tool_choice': function '${stringOf(chosen)}' not found in 'tools'.`,
      'tool_choice',
    );
  }
};

const checkFormat = (request: SimRequest, body: Fields): void => {
  const format = fieldsOf(body.response_format);
  if (format.type === 'json_object' && !/json/i.test(JSON.stringify(body.messages))) {
    throw badField(
      request,
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
      'messages',
    );
  }
  if (format.type !== 'json_schema') return;
  const { name, schema, strict } = fieldsOf(format.json_schema);
  if (!NAME.test(stringOf(name)))
    throw badField(
      request,
      "Missing required parameter: 'response_format.json_schema.name'.",
      'response_format.json_schema.name',
      'missing_required_parameter',
    );
  if (!isObject(schema))
    throw badField(
      request,
      "Missing required parameter: 'response_format.json_schema.schema'.",
      'response_format.json_schema.schema',
      'missing_required_parameter',
    );
  if (strict === true) checkStrictSchema(request, schema, `response_format '${stringOf(name)}'`, 'response_format');
};

/**
 * Refuses what the chat API refuses. Fields it does not know pass, because OpenAI-compatible servers ignore them.
 *
 * Errors: `Rejection` with the API's own sentence, param and code.
 */
export const checkChat = (request: SimRequest, body: Fields): void => {
  checkChatMessages(request, body);
  checkTools(request, body);
  checkFormat(request, body);
  range(request, body, 'temperature', 0, 2);
  range(request, body, 'top_p', 0, 1);
  range(request, body, 'n', 1, 128);
  range(request, body, 'presence_penalty', -2, 2);
  range(request, body, 'frequency_penalty', -2, 2);
  for (const field of ['max_tokens', 'max_completion_tokens']) range(request, body, field, 1, 10_000_000);
  if (isSent(body.stream_options) && body.stream !== true) {
    throw badField(
      request,
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
      'stream_options',
    );
  }
  if (Array.isArray(body.stop) && body.stop.length > 4) {
    throw badField(
      request,
      "Invalid 'stop': array too long. Expected an array with maximum length 4.",
      'stop',
      'array_above_max_length',
    );
  }
  if (request.provider === 'openai' && isReasoningModel(stringOf(body.model))) {
    if (isSent(body.max_tokens)) {
      throw badField(
        request,
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        'max_tokens',
        'unsupported_parameter',
      );
    }
    if (isSent(body.temperature) && body.temperature !== 1) {
      throw badField(
        request,
        "Unsupported value: 'temperature' does not support this value with this model. Only the default (1) value is supported.",
        'temperature',
        'unsupported_value',
      );
    }
  }
};
