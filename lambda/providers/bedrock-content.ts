import type { Block, CacheMark, Message, TextBlock, ToolResultBlock } from '../core/llm.ts';
import { DocumentWriter, refusedContent, writeImage } from './bedrock-media.ts';
import { safeName } from './names.ts';
import type { Json } from './provider.ts';
import { toArguments } from './tool-arguments.ts';

/** Tool names, and ids of tool calls (R21, R37). */
export const MAX_NAME = 64;

export interface ContentRules {
  /** The marks that are kept, by what they are on. */
  readonly marks: ReadonlyMap<object, CacheMark>;
  readonly hourCache: boolean;
  readonly images: boolean;
}

/** Writes blocks as Converse has them. Source: Amazon Bedrock API reference, `ContentBlock`. */
export class ContentWriter {
  readonly #rules: ContentRules;
  readonly #dropped: Set<string>;
  readonly #documents = new DocumentWriter();

  constructor(rules: ContentRules, dropped: Set<string>) {
    this.#rules = rules;
    this.#dropped = dropped;
  }

  system(blocks: readonly TextBlock[]): Json[] {
    return blocks.flatMap((block) => [{ text: block.text }, ...this.point(block)]);
  }

  message({ role, content }: Message): Json {
    return { role, content: role === 'assistant' ? this.#assistant(content) : this.#user(content) };
  }

  /** R93, R94: a block of its own after the marked one. A result's own marks and those within it become one, beside it. */
  point(owner: object, ...others: readonly object[]): Json[] {
    const mark = [owner, ...others].map((each) => this.#rules.marks.get(each)).findLast((each) => each !== undefined);
    if (mark === undefined) return [];
    const forAnHour = mark.ttl === '1h' && this.#rules.hourCache;
    if (mark.ttl === '1h' && !forAnHour) this.#dropped.add('cache_control.ttl');
    return [{ cachePoint: { type: 'default', ...(forAnHour ? { ttl: '1h' } : {}) } }];
  }

  /** R91: a document needs a text beside it. */
  #user(content: readonly Block[]): Json[] {
    const written = content.flatMap((block) =>
      block.type === 'tool-result'
        ? [this.#result(block), ...this.point(block, ...block.content)]
        : [this.#said(block), ...this.point(block)],
    );
    const bare = content.some(({ type }) => type === 'document') && !content.some(({ type }) => type === 'text');
    return bare ? [...written, { text: 'See the document.' }] : written;
  }

  /** R79: thinking first, then text, then calls. */
  #assistant(content: readonly Block[]): Json[] {
    return [...content]
      .sort((a, b) => rank(a) - rank(b))
      .flatMap((block) => [this.#answered(block), ...this.point(block)]);
  }

  #said(block: Block): Json {
    switch (block.type) {
      case 'text':
        return { text: block.text };
      case 'image':
        if (!this.#rules.images) throw refusedContent('image', 'no images: this model does not take them');
        if (block.detail !== undefined && block.detail !== 'auto') this.#dropped.add('detail'); // R89
        return writeImage(block);
      case 'document':
        return this.#documents.write(block);
      default:
        throw refusedContent(kindOf(block), 'text, images and documents'); // R92
    }
  }

  #answered(block: Block): Json {
    switch (block.type) {
      case 'text':
        return { text: block.text };
      case 'tool-call':
        return {
          toolUse: {
            toolUseId: safeName(block.id, MAX_NAME),
            name: safeName(block.name, MAX_NAME),
            input: toArguments(block.arguments),
          },
        };
      case 'thinking': // R82: the text is there even when it is empty.
        return { reasoningContent: { reasoningText: { text: block.text, signature: block.signature } } };
      case 'redacted-thinking': // R81: already the base64 that JSON has for bytes.
        return { reasoningContent: { redactedContent: block.data } };
      default:
        throw refusedContent(kindOf(block), 'text and tool calls in messages by the assistant');
    }
  }

  /** R44–R46. Always text, never `json`: that takes objects only, and not all of them (R47). */
  #result(block: ToolResultBlock): Json {
    return {
      toolResult: {
        toolUseId: safeName(block.callId, MAX_NAME),
        content: block.content
          .filter((inner) => inner.type !== 'text' || inner.text.trim() !== '')
          .map((inner) => this.#said(inner)),
        ...(block.isError ? { status: 'error' } : {}),
      },
    };
  }
}

const rank = (block: Block): number => (block.type.endsWith('thinking') ? 0 : block.type === 'tool-call' ? 2 : 1);

const kindOf = (block: Block): string => (block.type === 'other' ? block.kind : block.type);
