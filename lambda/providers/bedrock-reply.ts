import type { Block, FinishReason, LlmMessage, LlmPart, NativeFrame, Usage } from '../core/llm.ts';
import { NO_USAGE } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';
import type { ReadBack } from './anthropic-reply.ts';
import { EXCEPTION, exceptionRefusal } from './bedrock-errors.ts';
import type { Json } from './provider.ts';
import { isObject } from './upstream-words.ts';

/** R110. What a model wrote that is no answer is the provider's failure, not a short answer. */
const FINISH = new Map<unknown, FinishReason | 'failed'>([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['tool_use', 'tool-call'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['guardrail_intervened', 'filtered'],
  ['content_filtered', 'filtered'],
  ['malformed_model_output', 'failed'],
  ['malformed_tool_use', 'failed'],
]);

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const object = (value: unknown): Json => (isObject(value) ? value : {});

/** R114: a reason nobody knows is a stop. `isAnswer`: the call was to our own tool, so that its arguments are the answer (R67). */
const finishOf = (reason: unknown, isAnswer: boolean): FinishReason => {
  const known = FINISH.get(reason) ?? 'stop';
  if (known === 'failed') throw new Refusal('upstream_failed', { reason: text(reason) });
  return known === 'tool-call' && isAnswer ? 'stop' : known;
};

/** R113: only Claude says which, and only when asked. */
const stopSequence = (fields: unknown): { stopSequence?: string } => {
  const { stop_sequence: whole, delta } = object(fields);
  const stop = text(whole) || text(object(delta).stop_sequence);
  return stop === '' ? {} : { stopSequence: stop };
};

/** R102: input excludes both cache kinds, as ours does. R105: reasoning is not told apart. R107: absent is not 0. */
const readBedrockUsage = (usage: unknown): Partial<Usage> => {
  const reported = object(usage);
  const field = (name: string, as: keyof Usage): Partial<Usage> => {
    const value = reported[name];
    return typeof value === 'number' && value >= 0 ? { [as]: value } : {};
  };
  return {
    ...field('inputTokens', 'input'),
    ...field('cacheReadInputTokens', 'cacheRead'),
    ...field('cacheWriteInputTokens', 'cacheWrite'),
    ...field('outputTokens', 'output'),
  };
};

/**
 * A whole answer. Its id and model are empty: Bedrock gives them in a header and not at all (R14).
 * Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html.
 */
export const readConverse = (body: Json, back: ReadBack): LlmMessage => {
  const message = object(object(body.output).message);
  if (!Array.isArray(message.content)) throw new Refusal('upstream_failed', { reason: 'no output' }); // R143
  const content = message.content.filter(isObject).flatMap((block) => readBlock(block, back));
  const isAnswer = back.jsonTool !== undefined && !content.some(({ type }) => type === 'tool-call');
  return {
    id: '',
    model: '',
    content,
    finish: finishOf(body.stopReason, isAnswer),
    ...stopSequence(body.additionalModelResponseFields),
    usage: { ...NO_USAGE, ...readBedrockUsage(body.usage) },
  };
};

const readBlock = (block: Json, back: ReadBack): Block[] => {
  if (typeof block.text === 'string') return block.text === '' ? [] : [{ type: 'text', text: block.text }];
  if (isObject(block.toolUse)) {
    const { name, input, toolUseId } = block.toolUse;
    const json = JSON.stringify(input ?? {});
    if (name === back.jsonTool) return [{ type: 'text', text: json }];
    return [
      { type: 'tool-call', id: text(toolUseId), name: back.names.get(text(name)) ?? text(name), arguments: json },
    ];
  }
  if (isObject(block.reasoningContent)) return readReasoning(block.reasoningContent);
  if (isObject(block.citationsContent) && Array.isArray(block.citationsContent.content)) {
    const cited = block.citationsContent.content.map((part) => text(object(part).text)).join('');
    return cited === '' ? [] : [{ type: 'text', text: cited }];
  }
  return []; // R51: what is added without notice, or was done by a tool of Bedrock's own.
};

const readReasoning = ({ reasoningText, redactedContent }: Json): Block[] => {
  if (typeof redactedContent === 'string') return [{ type: 'redacted-thinking', data: redactedContent }];
  const { text: words, signature } = object(reasoningText);
  return [{ type: 'thinking', text: text(words), ...(text(signature) === '' ? {} : { signature: text(signature) }) }];
};

/**
 * Events of a streamed answer (R124, R125). Its terminator is `messageStop`; the usage comes after it, in `metadata`, and the
 * bytes may end without.
 *
 * Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html.
 */
export async function* readConverseParts(frames: AsyncIterable<NativeFrame>, back: ReadBack): AsyncIterable<LlmPart> {
  const reader = new EventReader(back);
  for await (const { event = '', json } of frames) {
    if (event.startsWith(EXCEPTION)) throw exceptionRefusal(event.slice(EXCEPTION.length), json);
    if (json === undefined) throw new Refusal('upstream_failed', { reason: 'frame is not JSON' });
    yield* reader.read(event, json);
    if (reader.isComplete) break;
  }
  if (!reader.isStopped) throw new Refusal('upstream_truncated', { reason: 'no messageStop' });
  yield { type: 'end' };
}

interface Call {
  /** Counts tool calls from 0; absent for our own tool, whose arguments are text. */
  readonly ordinal: number | undefined;
  hasArguments: boolean;
}

/** Follows one stream. Only tool calls announce their block: text and thinking begin with their first delta. */
class EventReader {
  readonly #back: ReadBack;
  /** By the index of the content block. */
  readonly #calls = new Map<unknown, Call>();
  #ordinals = 0;
  isStopped = false;
  isComplete = false;

  constructor(back: ReadBack) {
    this.#back = back;
  }

  read(event: string, json: Json): readonly LlmPart[] {
    switch (event) {
      case 'messageStart':
        return [{ type: 'start', id: '', model: '' }];
      case 'contentBlockStart':
        return this.#blockStart(json.contentBlockIndex, object(object(json.start).toolUse));
      case 'contentBlockDelta':
        return this.#delta(json.contentBlockIndex, object(json.delta));
      case 'contentBlockStop':
        return this.#blockStop(json.contentBlockIndex);
      case 'messageStop':
        return this.#stop(json);
      case 'metadata':
        this.isComplete = this.isStopped;
        return [{ type: 'usage', usage: readBedrockUsage(json.usage) }];
      default:
        return []; // what is added without notice
    }
  }

  #blockStart(index: unknown, { name, toolUseId }: Json): readonly LlmPart[] {
    if (typeof name !== 'string') return [];
    const isOurs = name === this.#back.jsonTool;
    const ordinal = isOurs ? undefined : this.#ordinals++;
    this.#calls.set(index, { ordinal, hasArguments: false });
    if (ordinal === undefined) return [];
    return [{ type: 'tool-call', index: ordinal, id: text(toolUseId), name: this.#back.names.get(name) ?? name }];
  }

  #delta(index: unknown, delta: Json): readonly LlmPart[] {
    if (typeof delta.text === 'string') return delta.text === '' ? [] : [{ type: 'text', text: delta.text }];
    if (isObject(delta.toolUse)) return this.#arguments(this.#calls.get(index), text(delta.toolUse.input));
    const { text: words, signature, redactedContent } = object(delta.reasoningContent);
    if (typeof redactedContent === 'string') return [{ type: 'redacted-thinking', data: redactedContent }];
    return [
      ...(text(words) === '' ? [] : [{ type: 'thinking', text: text(words) } as const]),
      ...(text(signature) === '' ? [] : [{ type: 'thinking-signature', signature: text(signature) } as const]),
    ];
  }

  #arguments(call: Call | undefined, json: string): readonly LlmPart[] {
    if (call === undefined || json === '') return [];
    call.hasArguments = true;
    if (call.ordinal === undefined) return [{ type: 'text', text: json }];
    return [{ type: 'tool-arguments', index: call.ordinal, json }];
  }

  /** R121: a call without arguments sends none; callers would parse an empty string. */
  #blockStop(index: unknown): readonly LlmPart[] {
    const call = this.#calls.get(index);
    return call === undefined || call.hasArguments ? [] : this.#arguments(call, '{}');
  }

  #stop(json: Json): readonly LlmPart[] {
    const isAnswer = this.#calls.size > 0 && this.#ordinals === 0;
    const reason = finishOf(json.stopReason, isAnswer);
    this.isStopped = true;
    return [{ type: 'finish', reason, ...stopSequence(json.additionalModelResponseFields) }];
  }
}
