import type { Block, FinishReason, LlmMessage, LlmPart, NativeFrame, Usage } from '../core/llm.ts';
import { NO_USAGE } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';
import { withNative } from './openai-reply.ts';
import type { Json } from './provider.ts';
import { isObject, upstreamRefusal } from './upstream-words.ts';

/** R110. */
const FINISH = new Map<unknown, FinishReason>([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['pause_turn', 'stop'],
  ['tool_use', 'tool-call'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['refusal', 'filtered'],
]);

/** What the status of an error would have been, for errors inside a stream. Source: https://docs.anthropic.com/en/api/errors. */
const STATUS = new Map<unknown, number>([
  ['invalid_request_error', 400],
  ['authentication_error', 401],
  ['billing_error', 402],
  ['permission_error', 403],
  ['not_found_error', 404],
  ['request_too_large', 413],
  ['rate_limit_error', 429],
  ['api_error', 500],
  ['timeout_error', 504],
  ['overloaded_error', 529],
]);

/** How the answer's names and content are read back into what the caller knows. */
export interface ReadBack {
  readonly names: ReadonlyMap<string, string>;
  /** The tool that stands in for a JSON schema: its arguments are the answer (R67, R68). */
  readonly jsonTool: string | undefined;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** R107: a field that is absent is not 0, and a later frame replaces only what it has. */
const readAnthropicUsage = (usage: unknown): Partial<Usage> => {
  if (!isObject(usage)) return {};
  const field = (name: string, as: keyof Usage): Partial<Usage> => {
    const value = usage[name];
    return typeof value === 'number' && value >= 0 ? { [as]: value } : {};
  };
  return {
    ...field('input_tokens', 'input'),
    ...field('cache_read_input_tokens', 'cacheRead'),
    ...field('cache_creation_input_tokens', 'cacheWrite'),
    ...field('output_tokens', 'output'),
    ...reasoningOf(usage.output_tokens_details),
    ...keptAnHour(usage.cache_creation),
  };
};

/** R105: part of the output, not besides it. */
const reasoningOf = (details: unknown): Partial<Usage> =>
  isObject(details) && typeof details.thinking_tokens === 'number' ? { reasoning: details.thinking_tokens } : {};

/** R106: costs more than what is kept for five minutes. */
const keptAnHour = (creation: unknown): Partial<Usage> =>
  isObject(creation) && typeof creation.ephemeral_1h_input_tokens === 'number' && creation.ephemeral_1h_input_tokens > 0
    ? { cacheWrite1h: creation.ephemeral_1h_input_tokens }
    : {};

/** A whole message. Source: https://docs.anthropic.com/en/api/messages. */
export const readAnthropicMessage = (body: Json, back: ReadBack): LlmMessage => {
  if (!Array.isArray(body.content)) throw new Refusal('upstream_failed', { reason: 'no content' });
  const unwrapped = back.jsonTool !== undefined;
  return {
    id: text(body.id),
    model: text(body.model),
    content: body.content.filter(isObject).flatMap((block) => readBlock(block, back)),
    finish: unwrapped && body.stop_reason === 'tool_use' ? 'stop' : (FINISH.get(body.stop_reason) ?? 'stop'),
    ...(typeof body.stop_sequence === 'string' ? { stopSequence: body.stop_sequence } : {}),
    usage: { ...NO_USAGE, ...readAnthropicUsage(body.usage) },
  };
};

const readBlock = (block: Json, back: ReadBack): Block[] => {
  switch (block.type) {
    case 'text':
      return [{ type: 'text', text: text(block.text) }];
    case 'tool_use': {
      const input = JSON.stringify(block.input ?? {});
      if (block.name === back.jsonTool) return [{ type: 'text', text: input }];
      return [
        {
          type: 'tool-call',
          id: text(block.id),
          name: back.names.get(text(block.name)) ?? text(block.name),
          arguments: input,
        },
      ];
    }
    case 'thinking':
      return [
        {
          type: 'thinking',
          text: text(block.thinking),
          ...(text(block.signature) === '' ? {} : { signature: text(block.signature) }),
        },
      ];
    case 'redacted_thinking':
      return [{ type: 'redacted-thinking', data: text(block.data) }];
    default:
      return []; // R51: what the provider's own tools did is nothing the caller could answer.
  }
};

/** Events of a streamed message (R118, R121, R122). Source: https://docs.anthropic.com/en/api/messages-streaming. */
export async function* readAnthropicParts(frames: AsyncIterable<NativeFrame>, back: ReadBack): AsyncIterable<LlmPart> {
  const reader = new EventReader(back);
  for await (const native of frames) {
    if (native.json === undefined) throw new Refusal('upstream_failed', { reason: 'frame is not JSON' });
    const parts = reader.read(native.json);
    yield* withNative(parts, native);
    if (native.json.type === 'message_stop') return;
  }
  throw new Refusal('upstream_truncated', { reason: 'no message_stop' });
}

/** Follows one stream: which blocks are calls, and whether a call had any arguments. */
class EventReader {
  readonly #back: ReadBack;
  /** Content block index → ordinal of the tool call in it. */
  readonly #calls = new Map<unknown, number>();
  readonly #withArguments = new Set<unknown>();
  readonly #jsonBlocks = new Set<unknown>();

  constructor(back: ReadBack) {
    this.#back = back;
  }

  read(event: Json): LlmPart[] {
    switch (event.type) {
      case 'message_start':
        return this.#start(isObject(event.message) ? event.message : {});
      case 'content_block_start':
        return this.#blockStart(event.index, isObject(event.content_block) ? event.content_block : {});
      case 'content_block_delta':
        return this.#delta(event.index, isObject(event.delta) ? event.delta : {});
      case 'content_block_stop':
        return this.#blockStop(event.index);
      case 'message_delta':
        return this.#messageDelta(isObject(event.delta) ? event.delta : {}, event.usage);
      case 'message_stop':
        return [{ type: 'end' }];
      case 'error':
        throw streamError(isObject(event.error) ? event.error : {});
      default:
        return []; // ping, and whatever is added without notice
    }
  }

  #start(message: Json): LlmPart[] {
    const usage = readAnthropicUsage(message.usage);
    return [
      { type: 'start', id: text(message.id), model: text(message.model) },
      { type: 'usage', usage },
    ];
  }

  #blockStart(index: unknown, block: Json): LlmPart[] {
    if (block.type === 'redacted_thinking') return [{ type: 'redacted-thinking', data: text(block.data) }];
    if (block.type !== 'tool_use') return text(block.text) === '' ? [] : [{ type: 'text', text: text(block.text) }];
    if (block.name === this.#back.jsonTool) {
      this.#jsonBlocks.add(index);
      return [];
    }
    const ordinal = this.#calls.size;
    this.#calls.set(index, ordinal);
    const name = this.#back.names.get(text(block.name)) ?? text(block.name);
    return [{ type: 'tool-call', index: ordinal, id: text(block.id), name }];
  }

  #delta(index: unknown, delta: Json): LlmPart[] {
    switch (delta.type) {
      case 'text_delta':
        return [{ type: 'text', text: text(delta.text) }];
      case 'thinking_delta':
        return [{ type: 'thinking', text: text(delta.thinking) }];
      case 'signature_delta':
        return [{ type: 'thinking-signature', signature: text(delta.signature) }];
      case 'input_json_delta':
        return this.#arguments(index, text(delta.partial_json));
      default:
        return [];
    }
  }

  #arguments(index: unknown, json: string): LlmPart[] {
    if (json === '') return [];
    this.#withArguments.add(index);
    if (this.#jsonBlocks.has(index)) return [{ type: 'text', text: json }];
    const ordinal = this.#calls.get(index);
    if (ordinal === undefined) return [];
    return [{ type: 'tool-arguments', index: ordinal, json }];
  }

  /** R121: a call without arguments sends none; callers would parse an empty string. */
  #blockStop(index: unknown): LlmPart[] {
    if (this.#withArguments.has(index)) return [];
    if (this.#jsonBlocks.has(index)) return [{ type: 'text', text: '{}' }];
    const ordinal = this.#calls.get(index);
    return ordinal === undefined ? [] : [{ type: 'tool-arguments', index: ordinal, json: '{}' }];
  }

  #messageDelta(delta: Json, usage: unknown): LlmPart[] {
    const unwrapped = this.#jsonBlocks.size > 0 && delta.stop_reason === 'tool_use';
    const parts: LlmPart[] = [{ type: 'usage', usage: readAnthropicUsage(usage) }];
    if (typeof delta.stop_reason === 'string') {
      const reason = unwrapped ? 'stop' : (FINISH.get(delta.stop_reason) ?? 'stop');
      parts.push({
        type: 'finish',
        reason,
        ...(typeof delta.stop_sequence === 'string' ? { stopSequence: delta.stop_sequence } : {}),
      });
    }
    return parts;
  }
}

const streamError = (error: Json): Refusal =>
  upstreamRefusal({ status: STATUS.get(error.type) ?? 500, headers: {}, message: error.message, reason: error.type });
