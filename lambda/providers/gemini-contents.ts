import type { Block, Dialect, LlmCall, MediaSource, Message, ToolResultBlock } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';
import { strictConversation } from './conversation.ts';
import type { GeminiFacts } from './gemini-facts.ts';
import { type Drop, inDialect } from './gemini-parameters.ts';
import { NO_SIGNATURE, untagSignature } from './gemini-signature.ts';
import { geminiName } from './gemini-tools.ts';
import type { Json } from './provider.ts';
import { toArguments } from './tool-arguments.ts';
import { isObject } from './upstream-words.ts';

/** `contents`: the conversation. Source: Gemini API reference, v1beta, "Content". Errors: `Refusal('unsupported_content')`. */
export const writeGeminiContents = ({ prompt, dialect }: LlmCall, facts: GeminiFacts, drop: Drop): Json[] => {
  const turns = strictConversation(prompt.messages.map((message) => withoutForeignThoughts(message, drop)));
  if (!facts.prefill && turns.at(-1)?.role === 'assistant') {
    throw unsupported(dialect, 'prefill', 'a last message by the user: this model does not continue its own');
  }
  const write = new ContentWriter(dialect, facts, drop);
  return turns.map(({ role, content }) =>
    role === 'assistant'
      ? { role: 'model', parts: write.model(content) }
      : { role: 'user', parts: write.user(content) },
  );
};

/** R80: another provider's thoughts are opaque, and its signature on them would be an error. */
const withoutForeignThoughts = ({ role, content }: Message, drop: Drop): Message => ({
  role,
  content: content.filter((block) => {
    const foreign =
      block.type === 'redacted-thinking' ||
      (block.type === 'thinking' && untagSignature(block.signature) === undefined);
    if (foreign) drop('thinking_blocks');
    return !foreign;
  }),
});

const unsupported = (dialect: Dialect, kind: string, expected: string): Refusal =>
  new Refusal('unsupported_content', { kind }, { param: inDialect(dialect, 'messages'), expected });

const IMAGES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/webp', 'image/heic', 'image/heif']);

const AUDIO: ReadonlyMap<string, string> = new Map([
  ['wav', 'audio/wav'],
  ['mp3', 'audio/mp3'],
  ['aac', 'audio/aac'],
  ['flac', 'audio/flac'],
  ['ogg', 'audio/ogg'],
  ['aiff', 'audio/aiff'],
]);

/** Digits that a double would round: such a result stays text, so that an id is still the same id. */
const LONG_NUMBER = /\d{16}/;

class ContentWriter {
  readonly #dialect: Dialect;
  readonly #facts: GeminiFacts;
  readonly #drop: Drop;
  /** R39: what was called, by the id of the call; a later turn may use an id again. */
  readonly #called = new Map<string, string>();

  constructor(dialect: Dialect, facts: GeminiFacts, drop: Drop) {
    this.#dialect = dialect;
    this.#facts = facts;
    this.#drop = drop;
  }

  model(content: readonly Block[]): Json[] {
    const first = content.find((block) => block.type === 'tool-call');
    return content.flatMap((block) => {
      if (block.type === 'thinking') {
        return [{ text: block.text, thought: true, thoughtSignature: untagSignature(block.signature) }];
      }
      if (block.type !== 'tool-call') return this.#part(block);
      const name = geminiName(block.name);
      this.#called.set(block.id, name);
      // R83: of calls made together only the first has to be signed.
      const unsigned = this.#facts.generation > 2 && block === first ? NO_SIGNATURE : undefined;
      const thoughtSignature = block.signature ?? unsigned;
      return [
        {
          functionCall: { ...this.#id(block.id), name, args: toArguments(block.arguments) },
          ...(thoughtSignature === undefined ? {} : { thoughtSignature }),
        },
      ];
    });
  }

  /** R42: results first. R44: older models take their images only beside them, after the last. */
  user(content: readonly Block[]): Json[] {
    const results = content.filter((block) => block.type === 'tool-result');
    const rest = content.filter((block) => block.type !== 'tool-result');
    const beside = this.#facts.generation > 2 ? [] : results.flatMap((result) => this.#media(result));
    return [...results.map((result) => this.#result(result)), ...beside, ...rest.flatMap((block) => this.#part(block))];
  }

  #result(result: ToolResultBlock): Json {
    const parts = this.#facts.generation > 2 ? this.#media(result) : [];
    return {
      functionResponse: {
        ...this.#id(result.callId),
        name: this.#called.get(result.callId) ?? '',
        response: toResponse(result),
        ...(parts.length === 0 ? {} : { parts }),
      },
    };
  }

  /** R38: older models have no ids, calls and results go by their order. */
  #id(id: string): Json {
    return this.#facts.generation > 2 ? { id } : {};
  }

  #media({ content }: ToolResultBlock): Json[] {
    return content.filter((block) => !isText(block)).flatMap((block) => this.#part(block));
  }

  #part(block: Block): Json[] {
    switch (block.type) {
      case 'text':
        return [{ text: block.text }];
      case 'image':
        if (block.source.type === 'base64' && !IMAGES.has(block.source.mediaType)) {
          throw unsupported(this.#dialect, 'image', 'images as png, jpeg, webp, heic or heif');
        }
        return [this.#inline(block.source, 'images by URL are not fetched: send a data URL with base64')];
      case 'document':
        if (block.name !== undefined) this.#drop('filename');
        if (block.source.type === 'text') return block.source.text.trim() === '' ? [] : [{ text: block.source.text }];
        return [this.#inline(block.source, 'documents by URL are not fetched: send base64')];
      case 'audio': {
        const mimeType = AUDIO.get(block.format);
        if (mimeType === undefined)
          throw unsupported(this.#dialect, 'audio', `audio as ${[...AUDIO.keys()].join(', ')}`);
        return [{ inlineData: { mimeType, data: block.data } }]; // R92
      }
      default:
        throw unsupported(
          this.#dialect,
          block.type === 'other' ? block.kind : block.type,
          'text, images, documents, audio and tools',
        );
    }
  }

  /** R88: only what is in Gemini's own file store could go by URL, and there it is everyone's who uses this key. */
  #inline(source: MediaSource, expected: string): Json {
    if (source.type === 'url') throw unsupported(this.#dialect, 'url', expected);
    return { inlineData: { mimeType: source.mediaType, data: source.data } }; // R86
  }
}

const isText = (block: Block): boolean =>
  block.type === 'text' || (block.type === 'document' && block.source.type === 'text');

/** R40: an object as it is, everything else under one name. R45: Gemini has a word for a failed tool. */
const toResponse = ({ content, isError }: ToolResultBlock): Json => {
  const text = content.flatMap(textOf).join('\n');
  if (isError) return { error: text };
  return readObject(text) ?? { output: text };
};

const textOf = (block: Block): string[] => {
  if (block.type === 'text') return [block.text];
  return block.type === 'document' && block.source.type === 'text' ? [block.source.text] : [];
};

const readObject = (text: string): Json | undefined => {
  if (!text.trimStart().startsWith('{') || LONG_NUMBER.test(text)) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
};
