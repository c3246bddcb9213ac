import { type Fields, fieldsOf, isSent, listOf, stringOf } from '../json.ts';
import type { SimRequest } from '../simulator.ts';
import { badField } from './reject-openai.ts';

const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'];
const PARTS = ['text', 'image_url', 'input_audio', 'file', 'refusal'];
const IMAGE = /^(https?:\/\/|data:image\/(png|jpe?g|gif|webp);base64,[A-Za-z0-9+/]+=*$)/;

const checkContent = (request: SimRequest, message: Fields, at: string): void => {
  const { content, role } = message;
  const mayBeAbsent =
    role === 'assistant' && (isSent(message.tool_calls) || isSent(message.function_call) || isSent(message.refusal));
  if (!isSent(content)) {
    if (mayBeAbsent) return;
    throw badField(request, `Invalid value for 'content': expected a string, got null.`, `${at}.content`);
  }
  if (typeof content === 'string') return;
  if (!Array.isArray(content) || content.length === 0) {
    throw badField(
      request,
      `Invalid type for '${at}.content': expected one of a string or array of objects.`,
      `${at}.content`,
      'invalid_type',
    );
  }
  for (const [index, part] of content.map(fieldsOf).entries()) {
    const where = `${at}.content[${index}]`;
    const type = stringOf(part.type);
    if (!PARTS.includes(type)) throw badField(request, `Invalid value: '${type}'.`, `${where}.type`, 'invalid_value');
    if (role !== 'user' && type !== 'text' && type !== 'refusal') {
      throw badField(
        request,
        `Invalid '${where}'. Image URLs and files are only allowed for messages with role 'user'.`,
        where,
        'invalid_value',
      );
    }
    if (type === 'text' && typeof part.text !== 'string') {
      throw badField(
        request,
        `Missing required parameter: '${where}.text'.`,
        `${where}.text`,
        'missing_required_parameter',
      );
    }
    if (type === 'image_url' && !IMAGE.test(stringOf(fieldsOf(part.image_url).url))) {
      throw badField(request, 'Invalid image URL or data.', `${where}.image_url.url`, 'invalid_image_url');
    }
  }
};

const checkCalls = (request: SimRequest, message: Fields, at: string): string[] => {
  if (!isSent(message.tool_calls)) return [];
  const calls = listOf(message.tool_calls).map(fieldsOf);
  if (calls.length === 0) {
    throw badField(
      request,
      `Invalid '${at}.tool_calls': empty array. Expected an array with minimum length 1.`,
      `${at}.tool_calls`,
      'empty_array',
    );
  }
  return calls.map((call, index) => {
    const where = `${at}.tool_calls[${index}]`;
    if (stringOf(call.id) === '')
      throw badField(
        request,
        `Missing required parameter: '${where}.id'.`,
        `${where}.id`,
        'missing_required_parameter',
      );
    if (call.type !== 'function' && call.type !== 'custom') {
      throw badField(
        request,
        `Missing required parameter: '${where}.type'.`,
        `${where}.type`,
        'missing_required_parameter',
      );
    }
    if (call.type === 'function' && typeof fieldsOf(call.function).arguments !== 'string') {
      throw badField(
        request,
        `Invalid type for '${where}.function.arguments': expected a string.`,
        `${where}.function.arguments`,
        'invalid_type',
      );
    }
    return stringOf(call.id);
  });
};

const unanswered = (request: SimRequest, ids: ReadonlySet<string>, at: string) =>
  badField(
    request,
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...ids].join(', ')}`,
    `${at}.role`,
  );

/** Refuses a list of messages that the chat API refuses. Errors: `Rejection` in the API's own words. */
export const checkChatMessages = (request: SimRequest, body: Fields): void => {
  if (!Array.isArray(body.messages))
    throw badField(request, "Missing required parameter: 'messages'.", 'messages', 'missing_required_parameter');
  if (body.messages.length === 0) {
    throw badField(
      request,
      "Invalid 'messages': empty array. Expected an array with minimum length 1.",
      'messages',
      'empty_array',
    );
  }
  let open = new Set<string>();
  let answerable = false;
  for (const [index, raw] of body.messages.entries()) {
    const at = `messages[${index}]`;
    const message = fieldsOf(raw);
    const role = stringOf(message.role);
    if (!ROLES.includes(role)) {
      throw badField(
        request,
        `Invalid value: '${role}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.`,
        `${at}.role`,
        'invalid_value',
      );
    }
    checkContent(request, message, at);
    if (role === 'tool') {
      const id = stringOf(message.tool_call_id);
      if (!answerable) {
        throw badField(
          request,
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          `${at}.role`,
        );
      }
      if (!open.delete(id))
        throw badField(
          request,
          `Invalid parameter: 'tool_call_id' of '${id}' not found in 'tool_calls' of previous message.`,
          `${at}.tool_call_id`,
        );
      continue;
    }
    if (open.size > 0) throw unanswered(request, open, at);
    const calls = role === 'assistant' ? checkCalls(request, message, at) : [];
    open = new Set(calls);
    answerable = calls.length > 0;
  }
  if (open.size > 0) throw unanswered(request, open, `messages[${body.messages.length - 1}]`);
};
