import { type Fields, fieldsOf, isObject, isSent, stringOf } from '../json.ts';
import type { SimRequest } from '../simulator.ts';
import { blocksOf } from './read-messages.ts';
import { badRequest } from './reject-anthropic.ts';

/** Signs every simulated thought. History must bring it back unchanged. */
export const SIGNATURE = 'c2ltdWxhdGVkLXRob3VnaHQ=';

const ID = /^[a-zA-Z0-9_-]+$/;
const IMAGES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'];
const BASE64 = /^[A-Za-z0-9+/]+=*$/;
/** What each kind of block may hold besides `type`. Kinds that are not listed are not looked into. */
const FIELDS = new Map<string, readonly string[]>([
  ['text', ['text', 'cache_control', 'citations']],
  ['image', ['source', 'cache_control']],
  ['document', ['source', 'title', 'context', 'citations', 'cache_control']],
  ['tool_use', ['id', 'name', 'input', 'cache_control', 'caller', 'toolset_name']],
  ['tool_result', ['tool_use_id', 'content', 'is_error', 'cache_control', 'toolset_name']],
  ['thinking', ['thinking', 'signature']],
  ['redacted_thinking', ['data']],
]);
const OTHERS = /^(search_result|server_tool_use|container_upload|mcp_tool_use|compaction|[a-z_]+_tool_result)$/;
const ASSISTANT_ONLY = ['tool_use', 'thinking', 'redacted_thinking'];

const checkSource = (request: SimRequest, block: Fields, at: string): void => {
  const { type, media_type: media, data, url } = fieldsOf(block.source);
  if (type === 'url') {
    if (!/^https?:\/\//.test(stringOf(url)))
      throw badRequest(request, `${at}.source.url: Only HTTP(S) URLs are supported`);
    return;
  }
  if (type !== 'base64') {
    if (type === 'text' || type === 'content' || type === 'file') return;
    throw badRequest(
      request,
      `${at}.source: Input tag '${stringOf(type)}' found using 'type' does not match any of the expected tags`,
    );
  }
  if (block.type === 'image' && !IMAGES.includes(stringOf(media))) {
    throw badRequest(
      request,
      `${at}.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'`,
    );
  }
  if (!BASE64.test(stringOf(data))) throw badRequest(request, `${at}.source.base64.data: invalid base64 data`);
};

const checkBlock = (request: SimRequest, block: Fields, role: string, at: string): void => {
  const type = stringOf(block.type);
  const fields = FIELDS.get(type);
  if (fields === undefined) {
    if (OTHERS.test(type)) return;
    throw badRequest(request, `${at}: Input tag '${type}' found using 'type' does not match any of the expected tags`);
  }
  const unknown = Object.keys(block).find((key) => key !== 'type' && !fields.includes(key));
  if (unknown !== undefined) throw badRequest(request, `${at}.${type}.${unknown}: Extra inputs are not permitted`);
  if (ASSISTANT_ONLY.includes(type) !== (role === 'assistant') && type !== 'text') {
    throw badRequest(request, `${at}: \`${type}\` blocks are not permitted in \`${role}\` messages`);
  }
  if (type === 'text') {
    if (typeof block.text !== 'string') throw badRequest(request, `${at}.text.text: Field required`);
    if (block.text === '') throw badRequest(request, 'messages: text content blocks must be non-empty');
    if (block.text.trim() === '')
      throw badRequest(request, 'messages: text content blocks must contain non-whitespace text');
  }
  if (type === 'image' || type === 'document') checkSource(request, block, at);
  if (type === 'thinking' && block.signature !== SIGNATURE)
    throw badRequest(request, `${at}: Invalid \`signature\` in \`thinking\` block`);
  if (type === 'tool_use') {
    if (!ID.test(stringOf(block.id)))
      throw badRequest(request, `${at}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`);
    if (!isObject(block.input)) throw badRequest(request, `${at}.tool_use.input: Input should be a valid dictionary`);
  }
  if (type === 'tool_result') {
    if (!ID.test(stringOf(block.tool_use_id)))
      throw badRequest(request, `${at}.tool_result.tool_use_id: String should match pattern '^[a-zA-Z0-9_-]+$'`);
    if (isSent(block.content) && block.content !== '') {
      blocksOf(block.content).forEach((inner, index) => {
        checkBlock(request, inner, 'user', `${at}.tool_result.content.${index}`);
      });
    }
  }
};

const idsOf = (blocks: readonly Fields[], type: string, field: string): string[] =>
  blocks.filter((block) => block.type === type).map((block) => stringOf(block[field]));

/** Consecutive messages of one role are one turn to the API. */
const turnsOf = (
  messages: readonly Fields[],
): { readonly role: string; readonly at: number; readonly blocks: Fields[] }[] => {
  const turns: { readonly role: string; readonly at: number; readonly blocks: Fields[] }[] = [];
  for (const [index, message] of messages.entries()) {
    const last = turns.at(-1);
    if (last !== undefined && last.role === message.role) last.blocks.push(...blocksOf(message.content));
    else turns.push({ role: stringOf(message.role), at: index, blocks: [...blocksOf(message.content)] });
  }
  return turns;
};

const checkPairs = (request: SimRequest, messages: readonly Fields[]): void => {
  const turns = turnsOf(messages);
  for (const [index, turn] of turns.entries()) {
    const asked = idsOf(turns[index - 1]?.blocks ?? [], 'tool_use', 'id');
    const answers = idsOf(turn.blocks, 'tool_result', 'tool_use_id');
    const orphan = answers.find((id) => !asked.includes(id));
    if (orphan !== undefined) {
      throw badRequest(
        request,
        `messages.${turn.at}.content.0: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${orphan}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      );
    }
    if (new Set(answers).size < answers.length)
      throw badRequest(request, `messages.${turn.at}.content: each tool_use must have a single result.`);
    const results = turn.blocks.findLastIndex((block) => block.type === 'tool_result');
    const open = idsOf(turn.blocks, 'tool_use', 'id').filter(
      (id) => !idsOf(turns[index + 1]?.blocks ?? [], 'tool_result', 'tool_use_id').includes(id),
    );
    const misplaced = turn.blocks.slice(0, results + 1).some((block) => block.type !== 'tool_result');
    if (open.length > 0 || (asked.length > 0 && misplaced)) {
      throw badRequest(
        request,
        `messages.${turn.at}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
      );
    }
  }
};

/** Refuses a list of messages that the API refuses. Errors: `Rejection` in the API's own words. */
export const checkThread = (request: SimRequest, body: Fields): void => {
  const messages = (body.messages as readonly unknown[]).map(fieldsOf);
  if (messages.length === 0) throw badRequest(request, 'messages: at least one message is required');
  for (const [index, message] of messages.entries()) {
    const role = stringOf(message.role);
    if (role !== 'user' && role !== 'assistant') {
      throw badRequest(
        request,
        `messages: Unexpected role "${role}". The Messages API accepts a top-level \`system\` parameter, not "system" as an input message role.`,
      );
    }
    const unknown = Object.keys(message).find((key) => key !== 'role' && key !== 'content');
    if (unknown !== undefined)
      throw badRequest(request, `messages.${index}.${unknown}: Extra inputs are not permitted`);
    const last = index === messages.length - 1;
    const blocks = blocksOf(message.content);
    if (typeof message.content !== 'string' && !Array.isArray(message.content)) {
      throw badRequest(request, `messages.${index}.content: Field required`);
    }
    // Only an assistant message at the very end may be empty.
    const nothing = blocks.length === 0 || message.content === '';
    if (nothing && !(last && role === 'assistant')) {
      throw badRequest(
        request,
        `messages.${index}: all messages must have non-empty content except for the optional final assistant message`,
      );
    }
    if (!nothing) {
      blocks.forEach((block, at) => {
        checkBlock(request, block, role, `messages.${index}.content.${at}`);
      });
    }
    const end = blocks.at(-1);
    if (last && role === 'assistant' && end?.type === 'text' && /\s$/.test(stringOf(end.text))) {
      throw badRequest(request, 'messages: final assistant content cannot end with trailing whitespace');
    }
  }
  if (messages[0]?.role !== 'user') throw badRequest(request, 'messages: first message must use the "user" role');
  checkPairs(request, messages);
  const { type } = fieldsOf(body.thinking);
  const lastAssistant = messages.findLast((message) => message.role === 'assistant');
  const first = blocksOf(lastAssistant?.content)[0];
  const inToolLoop = blocksOf(messages.at(-1)?.content).some((block) => block.type === 'tool_result');
  if (
    type === 'enabled' &&
    inToolLoop &&
    first !== undefined &&
    !['thinking', 'redacted_thinking'].includes(stringOf(first.type))
  ) {
    throw badRequest(
      request,
      `messages.1.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${stringOf(first.type)}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block.`,
    );
  }
};
