import type { Block, FinishReason, LlmMessage, LlmPart, NativeFrame, Usage } from '../core/llm.ts';
import { NO_USAGE } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';
import { errorIn, openAiStreamRefusal } from './openai-error.ts';
import type { Json } from './provider.ts';
import { isObject } from './upstream-words.ts';

const FINISH = new Map<unknown, FinishReason>([
  ['stop', 'stop'],
  ['length', 'length'],
  ['tool_calls', 'tool-call'],
  ['function_call', 'tool-call'],
  ['content_filter', 'filtered'],
]);

/** R112: some servers say `stop` although they call tools. R114: a reason nobody knows is a stop. */
const finishOf = (reason: unknown, calledTools: boolean): FinishReason => {
  const known = FINISH.get(reason) ?? 'stop';
  return known === 'stop' && calledTools ? 'tool-call' : known;
};

const number = (value: unknown): number => (typeof value === 'number' && value >= 0 ? value : 0);

/** What the provider was told to call a tool → what the caller calls it. Empty where the caller's own names went out. */
export type Names = ReadonlyMap<string, string>;

/**
 * R104: OpenAI's prompt tokens include those read from and written to its cache, ours do not. R105: completion tokens include
 * reasoning. R107: only what is there is read, so that a later chunk can't wipe what an earlier one said.
 */
const readOpenAiUsage = (usage: Json): Partial<Usage> => {
  const prompt = isObject(usage.prompt_tokens_details) ? usage.prompt_tokens_details : {};
  const completion = isObject(usage.completion_tokens_details) ? usage.completion_tokens_details : {};
  const cacheRead = number(prompt.cached_tokens);
  const cacheWrite = number(prompt.cache_write_tokens);
  const input = Math.max(0, number(usage.prompt_tokens) - cacheRead - cacheWrite);
  return {
    ...(typeof usage.prompt_tokens === 'number' ? { input, cacheRead, cacheWrite } : {}),
    ...(typeof usage.completion_tokens === 'number'
      ? { output: number(usage.completion_tokens), reasoning: number(completion.reasoning_tokens) }
      : {}),
  };
};

const choiceOf = (json: Json): Json | undefined => {
  const first: unknown = Array.isArray(json.choices) ? json.choices[0] : undefined;
  return isObject(first) ? first : undefined;
};

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A whole chat completion. Source: https://platform.openai.com/docs/api-reference/chat/object. */
export const readOpenAiMessage = (body: Json, names: Names = new Map()): LlmMessage => {
  const choice = choiceOf(body);
  const message = isObject(choice?.message) ? choice.message : undefined;
  if (choice === undefined || message === undefined) throw new Refusal('upstream_failed', { reason: 'no choices' });
  const thinking = text(message.reasoning_content) || text(message.reasoning);
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls.filter(isObject) : [];
  const content: Block[] = [
    ...(thinking === '' ? [] : [{ type: 'thinking', text: thinking } as const]),
    ...[text(message.content), text(message.refusal)]
      .filter(Boolean)
      .map((words) => ({ type: 'text', text: words }) as const),
    ...calls.map((call) => readToolCall(call, names)),
  ];
  return {
    id: text(body.id),
    model: text(body.model),
    created: number(body.created),
    content,
    finish: finishOf(choice.finish_reason, calls.length > 0),
    usage: { ...NO_USAGE, ...readOpenAiUsage(isObject(body.usage) ? body.usage : {}) },
  };
};

const readToolCall = (call: Json, names: Names): Block => {
  const fn = isObject(call.function) ? call.function : {};
  const name = text(fn.name);
  return { type: 'tool-call', id: text(call.id), name: names.get(name) ?? name, arguments: text(fn.arguments) };
};

/** Chunks of a streamed chat completion (R115–R120). Source: https://platform.openai.com/docs/api-reference/chat/streaming. */
export async function* readOpenAiParts(
  frames: AsyncIterable<NativeFrame>,
  names: Names = new Map(),
): AsyncIterable<LlmPart> {
  const reader = new ChunkReader(names);
  for await (const native of frames) {
    if (native.data.trim() === '[DONE]') {
      yield { type: 'end', native };
      return;
    }
    const { json } = native;
    if (json === undefined) throw new Refusal('upstream_failed', { reason: 'frame is not JSON' });
    if (errorIn(json) !== undefined) throw openAiStreamRefusal(json);
    yield* withNative(reader.read(json), native);
  }
  throw new Refusal('upstream_truncated', { reason: 'no [DONE]' });
}

/** Follows one stream: which tool calls there are, whatever numbers their server gives them. */
class ChunkReader {
  readonly #names: Names;
  #started = false;
  #calls = 0;
  /** The server's `index` → the call that its fragments belong to. */
  readonly #open = new Map<unknown, { readonly ordinal: number; readonly id: string }>();

  constructor(names: Names) {
    this.#names = names;
  }

  read(json: Json): LlmPart[] {
    const parts: LlmPart[] = [];
    if (!this.#started) {
      this.#started = true;
      parts.push({ type: 'start', id: text(json.id), model: text(json.model), created: number(json.created) });
    }
    const choice = choiceOf(json);
    const delta = isObject(choice?.delta) ? choice.delta : {};
    const thinking = text(delta.reasoning_content) || text(delta.reasoning);
    if (thinking !== '') parts.push({ type: 'thinking', text: thinking });
    const words = text(delta.content) + text(delta.refusal);
    if (words !== '') parts.push({ type: 'text', text: words });
    for (const call of Array.isArray(delta.tool_calls) ? delta.tool_calls.filter(isObject) : []) {
      parts.push(...this.#toolDelta(call));
    }
    if (typeof choice?.finish_reason === 'string') {
      parts.push({ type: 'finish', reason: finishOf(choice.finish_reason, this.#calls > 0) });
    }
    if (isObject(json.usage)) parts.push({ type: 'usage', usage: readOpenAiUsage(json.usage) });
    return parts;
  }

  /** R117, R119. Servers exist that give every call the index 0, or none: an id of its own makes a call a new one. */
  #toolDelta(call: Json): LlmPart[] {
    const parts: LlmPart[] = [];
    const fn = isObject(call.function) ? call.function : {};
    const id = text(call.id);
    let known = this.#open.get(call.index);
    if (known === undefined || (id !== '' && id !== known.id && text(fn.name) !== '')) {
      known = { ordinal: this.#calls++, id };
      this.#open.set(call.index, known);
      const name = text(fn.name);
      parts.push({ type: 'tool-call', index: known.ordinal, id, name: this.#names.get(name) ?? name });
    }
    const json = text(fn.arguments);
    if (json !== '') parts.push({ type: 'tool-arguments', index: known.ordinal, json });
    return parts;
  }
}

/** The frame goes with its first part, so that it is written once where it passes through. */
export const withNative = (parts: readonly LlmPart[], native: NativeFrame): LlmPart[] =>
  parts.length === 0
    ? [{ type: 'other', native }]
    : parts.map((part, index) => (index === 0 ? { ...part, native } : part));
