import type { Block, FinishReason, LlmMessage, LlmPart, NativeFrame, Usage } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';
import type { Json } from './provider.ts';
import { isObject, upstreamRefusal } from './upstream-words.ts';

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

/** R104: OpenAI's prompt tokens include the cached ones, ours do not. R105: completion tokens include reasoning. */
export const readOpenAiUsage = (usage: Json): Usage => {
  const prompt = isObject(usage.prompt_tokens_details) ? usage.prompt_tokens_details : {};
  const completion = isObject(usage.completion_tokens_details) ? usage.completion_tokens_details : {};
  const cacheRead = number(prompt.cached_tokens);
  return {
    input: Math.max(0, number(usage.prompt_tokens) - cacheRead),
    cacheRead,
    cacheWrite: 0,
    output: number(usage.completion_tokens),
    reasoning: number(completion.reasoning_tokens),
  };
};

const choiceOf = (json: Json): Json | undefined => {
  const first: unknown = Array.isArray(json.choices) ? json.choices[0] : undefined;
  return isObject(first) ? first : undefined;
};

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A whole chat completion. Source: https://platform.openai.com/docs/api-reference/chat/object. */
export const readOpenAiMessage = (body: Json): LlmMessage => {
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
    ...calls.map(readToolCall),
  ];
  return {
    id: text(body.id),
    model: text(body.model),
    created: number(body.created),
    content,
    finish: finishOf(choice.finish_reason, calls.length > 0),
    usage: readOpenAiUsage(isObject(body.usage) ? body.usage : {}),
  };
};

const readToolCall = (call: Json): Block => {
  const fn = isObject(call.function) ? call.function : {};
  return { type: 'tool-call', id: text(call.id), name: text(fn.name), arguments: text(fn.arguments) };
};

/** Chunks of a streamed chat completion (R115–R120). Source: https://platform.openai.com/docs/api-reference/chat/streaming. */
export async function* readOpenAiParts(frames: AsyncIterable<NativeFrame>): AsyncIterable<LlmPart> {
  let started = false;
  const called = new Set<number>();
  for await (const native of frames) {
    if (native.data === '[DONE]') {
      yield { type: 'end', native };
      return;
    }
    const { json } = native;
    if (json === undefined) throw new Refusal('upstream_failed', { reason: 'frame is not JSON' });
    if (isObject(json.error)) throw streamError(json.error);
    const parts: LlmPart[] = [];
    if (!started && typeof json.id === 'string') {
      started = true;
      parts.push({ type: 'start', id: json.id, model: text(json.model), created: number(json.created) });
    }
    readChunk(json, called, parts);
    yield* withNative(parts, native);
  }
  throw new Refusal('upstream_truncated', { reason: 'no [DONE]' });
}

const readChunk = (json: Json, called: Set<number>, parts: LlmPart[]): void => {
  const choice = choiceOf(json);
  const delta = isObject(choice?.delta) ? choice.delta : {};
  const thinking = text(delta.reasoning_content) || text(delta.reasoning);
  if (thinking !== '') parts.push({ type: 'thinking', text: thinking });
  const words = text(delta.content) + text(delta.refusal);
  if (words !== '') parts.push({ type: 'text', text: words });
  for (const call of Array.isArray(delta.tool_calls) ? delta.tool_calls.filter(isObject) : []) {
    readToolDelta(call, called, parts);
  }
  if (typeof choice?.finish_reason === 'string') {
    parts.push({ type: 'finish', reason: finishOf(choice.finish_reason, called.size > 0) });
  }
  if (isObject(json.usage)) parts.push({ type: 'usage', usage: readOpenAiUsage(json.usage) });
};

const readToolDelta = (call: Json, called: Set<number>, parts: LlmPart[]): void => {
  const index = number(call.index);
  const fn = isObject(call.function) ? call.function : {};
  if (!called.has(index)) {
    called.add(index);
    parts.push({ type: 'tool-call', index, id: text(call.id), name: text(fn.name) });
  }
  if (text(fn.arguments) !== '') parts.push({ type: 'tool-arguments', index, json: text(fn.arguments) });
};

/** The frame goes with its first part, so that it is written once where it passes through. */
export const withNative = (parts: readonly LlmPart[], native: NativeFrame): LlmPart[] =>
  parts.length === 0
    ? [{ type: 'other', native }]
    : parts.map((part, index) => (index === 0 ? { ...part, native } : part));

const streamError = (error: Json): Refusal =>
  upstreamRefusal({
    status: typeof error.code === 'number' ? error.code : 500,
    headers: {},
    message: error.message,
    reason: error.type ?? error.code,
  });
