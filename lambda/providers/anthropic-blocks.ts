import type { Block, CacheMark, DocumentBlock, MediaSource } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';
import { safeName } from './names.ts';
import type { Json } from './provider.ts';
import { isForeignSignature } from './signatures.ts';
import { toArguments } from './tool-arguments.ts';

export const MAX_TOOL_NAME = 64;
const MAX_ID = 64;

const IMAGES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);

const refused = (kind: string, expected = 'text, images and documents'): Refusal =>
  new Refusal('unsupported_content', { kind }, { param: 'messages', expected });

/** Writes blocks as Anthropic has them; knows which cache marks are kept. */
export class AnthropicBlocks {
  readonly #marks: ReadonlyMap<object, CacheMark>;
  readonly #dropped: Set<string>;

  constructor(marks: ReadonlyMap<object, CacheMark>, dropped: Set<string>) {
    this.#marks = marks;
    this.#dropped = dropped;
  }

  /** R79: thinking first, then text, then calls. */
  turn(role: 'user' | 'assistant', content: readonly Block[]): Json[] {
    const ordered = role === 'assistant' ? [...content].sort((a, b) => rank(a) - rank(b)) : content;
    return ordered.flatMap((block) => {
      if (block.type === 'thinking' && isForeignSignature(block.signature)) {
        this.#dropped.add('thinking'); // R80: a signature that is not there can't be made up.
        return [];
      }
      return [this.block(block)];
    });
  }

  readonly block = (block: Block): Json => ({ ...this.#content(block), ...this.mark(block) });

  /** R93. */
  mark(owner: object): Json {
    const mark = this.#marks.get(owner);
    if (mark === undefined) return {};
    return { cache_control: { type: 'ephemeral', ...(mark.ttl === undefined ? {} : { ttl: mark.ttl }) } };
  }

  #content(block: Block): Json {
    switch (block.type) {
      case 'text':
        return { type: 'text', text: block.text };
      case 'image':
        if (block.detail !== undefined && block.detail !== 'auto') this.#dropped.add('detail'); // R89
        return { type: 'image', source: writeImage(block.source) };
      case 'document':
        return {
          type: 'document',
          source: writeDocument(block.source),
          ...(block.name === undefined ? {} : { title: block.name }),
        };
      case 'tool-call':
        return {
          type: 'tool_use',
          id: safeName(block.id, MAX_ID),
          name: safeName(block.name, MAX_TOOL_NAME),
          input: toArguments(block.arguments),
        };
      case 'tool-result': {
        const content = block.content.filter((inner) => inner.type !== 'text' || inner.text.trim() !== '');
        return {
          type: 'tool_result',
          tool_use_id: safeName(block.callId, MAX_ID),
          ...(content.length === 0 ? {} : { content: plain(content.map((inner) => this.block(inner))) }),
          ...(block.isError ? { is_error: true } : {}),
        };
      }
      case 'thinking':
        return { type: 'thinking', thinking: block.text, signature: block.signature };
      case 'redacted-thinking':
        return { type: 'redacted_thinking', data: block.data };
      case 'audio':
        throw refused('audio'); // R92
      case 'other':
        if (block.dialect === 'anthropic-messages') return block.raw as Json;
        throw refused(block.kind);
    }
  }
}

const rank = (block: Block): number => (block.type.endsWith('thinking') ? 0 : block.type === 'tool-call' ? 2 : 1);

/** A single text without a mark is written as the string it is. */
const plain = (content: readonly Json[]): unknown =>
  content.length === 1 && content[0]?.type === 'text' && content[0].cache_control === undefined
    ? content[0].text
    : content;

/** R86. R88: Anthropic fetches images by URL itself. */
const writeImage = (source: MediaSource): Json => {
  if (source.type === 'base64' && !IMAGES.has(source.mediaType))
    throw refused('image', 'JPEG, PNG, GIF or WebP images');
  return writeSource(source);
};

/** R90: PDF as it is, text as text. */
const writeDocument = (source: DocumentBlock['source']): Json => {
  if (source.type === 'text') return { type: 'text', media_type: 'text/plain', data: source.text };
  if (source.type === 'base64' && source.mediaType.startsWith('text/')) {
    return { type: 'text', media_type: 'text/plain', data: Buffer.from(source.data, 'base64').toString('utf8') };
  }
  if (source.type === 'base64' && source.mediaType !== 'application/pdf')
    throw refused('document', 'PDF or text documents');
  return writeSource(source);
};

const writeSource = (source: MediaSource): Json =>
  source.type === 'url'
    ? { type: 'url', url: source.url }
    : { type: 'base64', media_type: source.mediaType, data: source.data };
