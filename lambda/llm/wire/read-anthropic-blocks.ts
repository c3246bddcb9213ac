import type { Block, CacheMark, DocumentBlock, MediaSource } from '../../core/llm.ts';
import { invalid, isObject, type Json, objectAt, optionalString, present, stringAt } from './fields.ts';
import type { Lost } from './lost.ts';
import { base64, readMediaUrl } from './media.ts';

/** R2: a string or a list of blocks, for every role and inside tool results. Empty text is no block (R3). */
export const readAnthropicContent = (content: unknown, at: string, lost: Lost): Block[] => {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  if (!Array.isArray(content)) throw invalid(at, 'expected a string or a list of blocks');
  const blocks: Block[] = [];
  for (const [index, raw] of content.entries()) {
    const where = `${at}[${index}]`;
    const block = readBlock(objectAt(raw, where), where, lost);
    if (block.type !== 'text' || block.text !== '') blocks.push(block);
  }
  return blocks;
};

/** R93: a mark belongs to the block it stands on. */
export const readCacheMark = (from: Json): { cache?: CacheMark } => {
  const mark = from.cache_control;
  if (!isObject(mark) || mark.type !== 'ephemeral') return {};
  return { cache: mark.ttl === '1h' || mark.ttl === '5m' ? { ttl: mark.ttl } : {} };
};

interface BlockReader {
  /** The fields that are read, besides `type`. Others are named as lost. */
  readonly fields: ReadonlySet<string>;
  read(block: Json, at: string, lost: Lost): Block;
}

const reader = (fields: readonly string[], read: BlockReader['read']): BlockReader => ({
  fields: new Set(['type', ...fields]),
  read,
});

/** A kind that is not here passes to Anthropic untouched, and nowhere else. */
const readBlock: BlockReader['read'] = (block, at, lost) => {
  const type = stringAt(block.type, `${at}.type`);
  const known = BLOCKS.get(type);
  if (known === undefined) return other(type, block);
  lost.rest(type, block, known.fields);
  return known.read(block, at, lost);
};

const other = (kind: string, raw: Json): Block => ({
  type: 'other',
  dialect: 'anthropic-messages',
  kind: kind.slice(0, 64),
  raw,
});

const BLOCKS: ReadonlyMap<string, BlockReader> = new Map([
  [
    'text',
    reader(['text', 'cache_control'], (block, at) => ({
      type: 'text',
      text: stringAt(block.text, `${at}.text`),
      ...readCacheMark(block),
    })),
  ],
  [
    'image',
    reader(['source', 'cache_control'], (block, at) => {
      const source = readSource(objectAt(block.source, `${at}.source`), `${at}.source`);
      return source === undefined ? other('uploaded image', block) : { type: 'image', source, ...readCacheMark(block) };
    }),
  ],
  [
    'document',
    reader(['source', 'title', 'cache_control'], (block, at) => {
      const source = readDocument(objectAt(block.source, `${at}.source`), `${at}.source`);
      if (source === undefined) return other('uploaded document', block);
      return {
        type: 'document',
        source,
        ...present({ name: optionalString(block, 'title') }),
        ...readCacheMark(block),
      };
    }),
  ],
  [
    'tool_use',
    reader(['id', 'name', 'input', 'cache_control', 'caller', 'extra_content'], (block, at, lost) => {
      if (isObject(block.caller) && block.caller.type !== 'direct') lost.add('tool_use.caller');
      return {
        type: 'tool-call',
        id: stringAt(block.id, `${at}.id`),
        name: stringAt(block.name, `${at}.name`),
        arguments: JSON.stringify(objectAt(block.input ?? {}, `${at}.input`)), // R34
        ...readCacheMark(block),
        ...readToolSignature(block.extra_content),
      };
    }),
  ],
  [
    'tool_result',
    reader(['tool_use_id', 'content', 'is_error', 'cache_control'], (block, at, lost) => ({
      type: 'tool-result',
      callId: stringAt(block.tool_use_id, `${at}.tool_use_id`),
      content: readAnthropicContent(block.content ?? [], `${at}.content`, lost), // R46
      isError: block.is_error === true,
      ...readCacheMark(block),
    })),
  ],
  [
    'thinking',
    reader(['thinking', 'signature'], (block, at) => ({
      type: 'thinking',
      text: stringAt(block.thinking, `${at}.thinking`),
      // R80: an empty one is ours, on a thought that nobody signed.
      ...(typeof block.signature === 'string' && block.signature !== '' ? { signature: block.signature } : {}),
    })),
  ],
  [
    'redacted_thinking',
    reader(['data'], (block, at) => ({ type: 'redacted-thinking', data: stringAt(block.data, `${at}.data`) })),
  ],
]);

/** R83: Gemini's signature comes back where `anthropic-messages.ts` put it. */
const readToolSignature = (extra: unknown): { signature?: string } => {
  const google = isObject(extra) && isObject(extra.google) ? extra.google : {};
  return typeof google.thought_signature === 'string' ? { signature: google.thought_signature } : {};
};

/** R86, R88. Undefined for what only Anthropic can find: a file uploaded there. */
const readSource = (source: Json, at: string): MediaSource | undefined => {
  if (source.type === 'url') return readMediaUrl(stringAt(source.url, `${at}.url`), `${at}.url`);
  if (source.type !== 'base64') return undefined;
  const mediaType = stringAt(source.media_type, `${at}.media_type`);
  return base64(mediaType, stringAt(source.data, `${at}.data`), `${at}.data`);
};

/** R90. Text that comes in blocks is text. */
const readDocument = (source: Json, at: string): DocumentBlock['source'] | undefined => {
  if (source.type === 'text') return { type: 'text', text: stringAt(source.data, `${at}.data`) };
  if (source.type !== 'content') return readSource(source, at);
  if (typeof source.content === 'string') return { type: 'text', text: source.content };
  const blocks: readonly unknown[] = Array.isArray(source.content) ? source.content : [undefined];
  const texts = blocks.map((block) => (isObject(block) && typeof block.text === 'string' ? block.text : undefined));
  return texts.includes(undefined) ? undefined : { type: 'text', text: texts.join('\n\n') };
};
