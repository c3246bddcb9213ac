import { type Fields, fieldsOf, isObject, isSent, listOf, stringOf } from '../json.ts';
import type { SimRequest } from '../simulator.ts';
import { invalid } from './reject-bedrock.ts';

const BLOCKS = [
  ...['text', 'image', 'document', 'video', 'audio', 'toolUse', 'toolResult', 'guardContent', 'cachePoint'],
  ...['reasoningContent', 'citationsContent', 'searchResult'],
];
const RESULT_BLOCKS = ['text', 'json', 'image', 'document', 'video', 'searchResult'];
const ID = /^[a-zA-Z0-9_-]{1,64}$/;
const DOCUMENT_NAME = /^(?!.*\s\s)[a-zA-Z0-9\s\-()[\]]{1,200}$/;
const BASE64 = /^[A-Za-z0-9+/]+=*$/;
const IMAGES = ['png', 'jpeg', 'gif', 'webp'];
const DOCUMENTS = ['pdf', 'csv', 'doc', 'docx', 'xls', 'xlsx', 'html', 'txt', 'md'];

const onlyKey = (request: SimRequest, block: Fields, kinds: readonly string[], at: string): string => {
  const [key, ...more] = Object.keys(block);
  if (key === undefined || more.length > 0 || !kinds.includes(key)) {
    throw invalid(request, `The value at ${at} is not a tagged union with exactly one of: ${kinds.join(', ')}.`);
  }
  return key;
};

const checkAttachment = (request: SimRequest, kind: 'image' | 'document', value: unknown, at: string): void => {
  const { format, source, name } = fieldsOf(value);
  const formats = kind === 'image' ? IMAGES : DOCUMENTS;
  if (!formats.includes(stringOf(format))) {
    throw invalid(
      request,
      `1 validation error detected: Value '${stringOf(format)}' at '${at}.${kind}.format' failed to satisfy constraint: Member must satisfy enum value set: [${formats.join(', ')}]`,
    );
  }
  const { bytes, s3Location } = fieldsOf(source);
  if (!isSent(s3Location) && !BASE64.test(stringOf(bytes)))
    throw invalid(request, `The value at ${at}.${kind}.source.bytes is not valid base64.`);
  if (kind === 'document' && !DOCUMENT_NAME.test(stringOf(name))) {
    throw invalid(
      request,
      "The document file name can only contain alphanumeric characters, whitespace characters, hyphens, parentheses, and square brackets. The name can't contain more than one consecutive whitespace character.",
    );
  }
};

const checkText = (request: SimRequest, text: unknown, at: string): void => {
  if (typeof text !== 'string') throw invalid(request, `The value at ${at}.text must be a string.`);
  if (text.trim() === '') {
    throw invalid(
      request,
      `The text field in the ContentBlock object at ${at} is blank. Add text to the text field, and try again.`,
    );
  }
};

const checkResult = (request: SimRequest, result: Fields, at: string): void => {
  const unknown = Object.keys(result).find((name) => !['toolUseId', 'content', 'status', 'type'].includes(name));
  if (unknown !== undefined) throw invalid(request, `Unknown field ${unknown} at ${at}.toolResult.`);
  if (!ID.test(stringOf(result.toolUseId)))
    throw invalid(request, `The value at ${at}.toolResult.toolUseId must satisfy the pattern [a-zA-Z0-9_-]{1,64}.`);
  if (!Array.isArray(result.content)) throw invalid(request, `The value at ${at}.toolResult.content must not be null.`);
  if (isSent(result.status) && result.status !== 'success' && result.status !== 'error') {
    throw invalid(request, `The value at ${at}.toolResult.status must be one of: success, error.`);
  }
  for (const [index, raw] of result.content.entries()) {
    const inner = fieldsOf(raw);
    const where = `${at}.toolResult.content.${index}`;
    const kind = onlyKey(request, inner, RESULT_BLOCKS, where);
    if (kind === 'text') checkText(request, inner.text, where);
    if (kind === 'json' && !isObject(inner.json))
      throw invalid(
        request,
        `The format of the value at ${where}.json is invalid. Provide a json object for the field and try again.`,
      );
    if (kind === 'image' || kind === 'document') checkAttachment(request, kind, inner[kind], where);
  }
};

const checkReasoning = (request: SimRequest, value: unknown, at: string): void => {
  const { reasoningText, redactedContent } = fieldsOf(value);
  if (isSent(redactedContent)) return;
  const { text, signature } = fieldsOf(reasoningText);
  if (typeof text !== 'string')
    throw invalid(request, `The value at ${at}.reasoningContent.reasoningText.text must not be null.`);
  if (signature === '')
    throw invalid(request, `The value at ${at}.reasoningContent.reasoningText.signature must not be empty.`);
};

const checkBlock = (request: SimRequest, block: Fields, role: unknown, at: string): void => {
  const kind = onlyKey(request, block, BLOCKS, at);
  const misplaced = role === 'user' ? ['toolUse', 'reasoningContent'] : ['toolResult', 'image', 'document'];
  if (misplaced.includes(kind))
    throw invalid(request, `The ${kind} block at ${at} is not allowed in a message with the role ${stringOf(role)}.`);
  if (kind === 'text') checkText(request, block.text, at);
  if (kind === 'image' || kind === 'document') checkAttachment(request, kind, block[kind], at);
  if (kind === 'reasoningContent') checkReasoning(request, block.reasoningContent, at);
  if (kind === 'toolResult') checkResult(request, fieldsOf(block.toolResult), at);
  if (kind === 'cachePoint' && fieldsOf(block.cachePoint).type !== 'default')
    throw invalid(request, `The value at ${at}.cachePoint.type must be default.`);
  if (kind === 'toolUse') {
    const { toolUseId, name, input } = fieldsOf(block.toolUse);
    if (!ID.test(stringOf(toolUseId)))
      throw invalid(request, `The value at ${at}.toolUse.toolUseId must satisfy the pattern [a-zA-Z0-9_-]{1,64}.`);
    if (!ID.test(stringOf(name)))
      throw invalid(request, `The value at ${at}.toolUse.name must satisfy the pattern [a-zA-Z0-9_-]{1,64}.`);
    if (!isObject(input))
      throw invalid(
        request,
        `The format of the value at ${at}.toolUse.input is invalid. Provide a json object for the field and try again.`,
      );
  }
};

const idsOf = (message: unknown, kind: 'toolUse' | 'toolResult'): string[] =>
  listOf(fieldsOf(message).content)
    .map((block) => fieldsOf(block)[kind])
    .filter(isSent)
    .map((block) => stringOf(fieldsOf(block).toolUseId));

const checkPairs = (request: SimRequest, messages: readonly Fields[], body: Fields): void => {
  for (const [index, message] of messages.entries()) {
    const asked = idsOf(messages[index - 1], 'toolUse');
    const answers = idsOf(message, 'toolResult');
    const missing = asked.filter((id) => !answers.includes(id));
    if (missing.length > 0)
      throw invalid(
        request,
        `Expected toolResult blocks at messages.${index}.content for the following Ids: ${missing.join(', ')}`,
      );
    if (answers.length > asked.length)
      throw invalid(
        request,
        `The number of toolResult blocks at messages.${index}.content exceeds the number of toolUse blocks of previous turn.`,
      );
    if (answers.some((id) => !asked.includes(id)))
      throw invalid(
        request,
        `The toolUseId at messages.${index}.content does not match a toolUse block of the previous turn.`,
      );
    if (asked.length > 0 || answers.length > 0) {
      if (!isSent(body.toolConfig))
        throw invalid(
          request,
          'The toolConfig field must be defined when using toolUse and toolResult content blocks.',
        );
    }
  }
  const open = idsOf(messages.at(-1), 'toolUse');
  if (open.length > 0)
    throw invalid(
      request,
      `Expected toolResult blocks at messages.${messages.length}.content for the following Ids: ${open.join(', ')}`,
    );
};

/** Refuses `system` and `messages` that Converse refuses. Errors: `Rejection` with a `ValidationException`. */
export const checkConversation = (request: SimRequest, body: Fields): void => {
  for (const [index, raw] of listOf(body.system).entries()) {
    const block = fieldsOf(raw);
    if (onlyKey(request, block, ['text', 'guardContent', 'cachePoint'], `system.${index}`) === 'text')
      checkText(request, block.text, `system.${index}`);
  }
  if (isSent(body.system) && listOf(body.system).length === 0)
    throw invalid(request, 'The system field must not be an empty list.');
  const messages = listOf(body.messages).map(fieldsOf);
  if (messages.length === 0)
    throw invalid(
      request,
      "1 validation error detected: Value at 'messages' failed to satisfy constraint: Member must have length greater than or equal to 1",
    );
  for (const [index, message] of messages.entries()) {
    const at = `messages.${index}`;
    if (message.role !== 'user' && message.role !== 'assistant') {
      throw invalid(
        request,
        `1 validation error detected: Value '${stringOf(message.role)}' at '${at}.role' failed to satisfy constraint: Member must satisfy enum value set: [user, assistant]`,
      );
    }
    const unknown = Object.keys(message).find((name) => name !== 'role' && name !== 'content');
    if (unknown !== undefined) throw invalid(request, `Unknown field ${unknown} at ${at}.`);
    if (!Array.isArray(message.content)) throw invalid(request, `The value at ${at}.content must be a list.`);
    if (message.content.length === 0)
      throw invalid(
        request,
        `The content field in the Message object at ${at} is empty. Add a ContentBlock object to the content field and try again.`,
      );
    const blocks = message.content.map(fieldsOf);
    blocks.forEach((block, place) => {
      checkBlock(request, block, message.role, `${at}.content.${place}`);
    });
    if (blocks.some((block) => isSent(block.document)) && !blocks.some((block) => isSent(block.text))) {
      throw invalid(request, 'A text block is required in a message that has a document.');
    }
    if (index > 0 && messages[index - 1]?.role === message.role) {
      throw invalid(
        request,
        'A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.',
      );
    }
  }
  if (messages[0]?.role !== 'user') {
    throw invalid(
      request,
      'A conversation must start with a user message. Try again with a conversation that starts with a user message.',
    );
  }
  checkPairs(request, messages, body);
};
