import type { Block, FinishReason, LlmMessage, LlmPart, NativeFrame, Usage } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';
import { openAiRefusal } from './openai-error.ts';
import { withNative } from './openai-reply.ts';
import type { Json } from './provider.ts';
import { isObject } from './upstream-words.ts';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const number = (value: unknown): number => (typeof value === 'number' && value >= 0 ? value : 0);

const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** R104: input includes what was read from and written to the cache, ours does not. R105: output includes reasoning. */
const readUsage = (usage: unknown): Partial<Usage> => {
  if (!isObject(usage)) return {};
  const input = isObject(usage.input_tokens_details) ? usage.input_tokens_details : {};
  const output = isObject(usage.output_tokens_details) ? usage.output_tokens_details : {};
  const cacheRead = number(input.cached_tokens);
  const cacheWrite = number(input.cache_write_tokens);
  return {
    input: Math.max(0, number(usage.input_tokens) - cacheRead - cacheWrite),
    cacheRead,
    cacheWrite,
    output: number(usage.output_tokens),
    reasoning: number(output.reasoning_tokens),
  };
};

/** R130. */
const finishOf = ({ status, incomplete_details: details, output }: Json): FinishReason => {
  if (status === 'incomplete') return isObject(details) && details.reason === 'content_filter' ? 'filtered' : 'length';
  return objects(output).some(({ type }) => type === 'function_call') ? 'tool-call' : 'stop';
};

/** A whole response, in the hub's words, for the record. Source: https://platform.openai.com/docs/api-reference/responses/object. */
export const readOpenAiResponse = (body: Json): LlmMessage => {
  if (!Array.isArray(body.output)) throw new Refusal('upstream_failed', { reason: 'no output' });
  if (body.status !== undefined && body.status !== 'completed' && body.status !== 'incomplete')
    throw failed(body.error);
  return {
    id: text(body.id),
    model: text(body.model),
    created: number(body.created_at),
    content: objects(body.output).flatMap(readItem),
    finish: finishOf(body),
    usage: { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, ...readUsage(body.usage) },
  };
};

const wordsIn = (parts: unknown): string =>
  objects(parts)
    .map((part) => text(part.text) || text(part.refusal))
    .join('');

const readItem = (item: Json): Block[] => {
  switch (item.type) {
    case 'message':
      return [{ type: 'text', text: wordsIn(item.content) }];
    case 'function_call':
      return [{ type: 'tool-call', id: text(item.call_id), name: text(item.name), arguments: text(item.arguments) }];
    case 'reasoning':
      return [{ type: 'thinking', text: wordsIn(item.summary) || wordsIn(item.content) }];
    default:
      return [];
  }
};

/** The events that end a response which was written as far as it goes. */
const ENDS = new Set<unknown>(['response.completed', 'response.incomplete']);

/** Events of a streamed response (R130). Source: https://platform.openai.com/docs/api-reference/responses-streaming. */
export async function* readOpenAiResponseParts(frames: AsyncIterable<NativeFrame>): AsyncIterable<LlmPart> {
  const calls = new Calls();
  for await (const native of frames) {
    const { json } = native;
    if (json === undefined) throw new Refusal('upstream_failed', { reason: 'frame is not JSON' });
    yield* withNative(readEvent(json, calls), native);
    if (ENDS.has(json.type)) return;
  }
  throw new Refusal('upstream_truncated', { reason: 'no response.completed' });
}

const readEvent = (event: Json, calls: Calls): LlmPart[] => {
  const response = isObject(event.response) ? event.response : {};
  switch (event.type) {
    case 'response.created':
      return [
        { type: 'start', id: text(response.id), model: text(response.model), created: number(response.created_at) },
      ];
    case 'response.output_text.delta':
    case 'response.refusal.delta':
      return [{ type: 'text', text: text(event.delta) }];
    case 'response.reasoning_summary_text.delta':
    case 'response.reasoning_text.delta':
      return [{ type: 'thinking', text: text(event.delta) }];
    case 'response.output_item.added':
      return calls.added(event.output_index, isObject(event.item) ? event.item : {});
    case 'response.function_call_arguments.delta':
      return calls.arguments(event.output_index, text(event.delta));
    case 'response.completed':
    case 'response.incomplete':
      return [
        { type: 'usage', usage: readUsage(response.usage) },
        { type: 'finish', reason: finishOf(response) },
        { type: 'end' },
      ];
    case 'response.failed':
      throw failed(response.error);
    case 'error': // The error is the event itself, or in it: both have been seen.
      throw failed(isObject(event.error) ? event.error : event);
    default:
      return []; // OpenAI's own tools, audio, and whatever is added without notice
  }
};

/** Which place in the output is which call. */
class Calls {
  readonly #ordinals = new Map<unknown, number>();

  added(outputIndex: unknown, item: Json): LlmPart[] {
    if (item.type !== 'function_call') return [];
    const index = this.#ordinals.size;
    this.#ordinals.set(outputIndex, index);
    return [{ type: 'tool-call', index, id: text(item.call_id), name: text(item.name) }];
  }

  arguments(outputIndex: unknown, json: string): LlmPart[] {
    const index = this.#ordinals.get(outputIndex);
    return index === undefined ? [] : [{ type: 'tool-arguments', index, json }];
  }
}

/** What the status would have been. Source: https://platform.openai.com/docs/api-reference/responses/object#responses/object-error. */
const STATUS = new Map<unknown, number>([
  ['rate_limit_exceeded', 429],
  ['insufficient_quota', 402],
  ['server_error', 500],
  ['vector_store_timeout', 504],
]);

/** The caller's own doing: `invalid_prompt`, and whatever is wrong with an image. */
const CALLERS = /^(?:invalid|image|unsupported|empty|failed_to_download)_/;

const failed = (error: unknown): Refusal => {
  const code = isObject(error) ? error.code : undefined;
  return openAiRefusal(STATUS.get(code) ?? (CALLERS.test(text(code)) ? 400 : 500), { error }, {});
};
