import type { FinishReason, LlmCall, LlmPart, Usage } from '../../core/llm.ts';
import type { Refusal } from '../../core/refusal.ts';
import { writeCarried } from '../../providers/carried-reasoning.ts';
import type { Json } from './fields.ts';
import {
  type Item,
  type ItemStatus,
  idBase,
  openResponse,
  outputText,
  summaryText,
  writeEmptyItem,
  writeItem,
  writeResponseError,
  writeResponseUsage,
} from './response-object.ts';

export type ResponseEvent = Json & { readonly type: string; readonly sequence_number: number };

/** R130: an answer that was cut short is `incomplete`, and says why. */
const CUT_SHORT: Partial<Record<FinishReason, string>> = { length: 'max_output_tokens', filtered: 'content_filter' };

type OpenItem<Type extends Item['type']> = Extract<Item, { type: Type }>;

/**
 * Parts → the events of a streamed response, numbered and in OpenAI's order: each item is added, grows and is done before the
 * next, but for tool calls whose arguments arrive interleaved (R119), which stay open side by side.
 * Source: https://platform.openai.com/docs/api-reference/responses-streaming.
 */
export class ResponseEvents {
  readonly #call: LlmCall;
  readonly #nowMs: number;
  #head: Json | undefined;
  #base = '';
  #count = 0;
  /** By their place in the output; a hole is an item that is still open. */
  readonly #done: Json[] = [];
  #items = 0;
  /** Text or reasoning that is being written. */
  #talk: OpenItem<'message'> | OpenItem<'reasoning'> | undefined;
  /** Calls that may still get arguments, by their ordinal among calls. */
  readonly #calls = new Map<number, OpenItem<'function_call'>>();
  #usage: Partial<Usage> = {};
  #finish: FinishReason = 'stop';

  constructor(call: LlmCall, nowMs: number) {
    this.#call = call;
    this.#nowMs = nowMs;
  }

  *write(part: LlmPart): Iterable<ResponseEvent> {
    switch (part.type) {
      case 'start':
        yield* this.#start(part);
        break;
      case 'text':
        if (part.text !== '') yield* this.#text(part.text);
        break;
      case 'thinking':
        if (part.text !== '') yield* this.#thinking(part.text);
        break;
      case 'thinking-signature':
        yield* this.#sign(part.signature);
        break;
      case 'redacted-thinking':
        yield* this.#sealed({ kind: 'redacted', value: part.data });
        break;
      case 'tool-call':
        yield* this.#callStart(part);
        break;
      case 'tool-arguments':
        yield* this.#arguments(this.#calls.get(part.index), part.json);
        break;
      case 'usage':
        this.#usage = { ...this.#usage, ...part.usage };
        break;
      case 'finish':
        this.#finish = part.reason;
        break;
      case 'end':
        yield* this.#end();
        break;
      case 'other':
        break;
    }
  }

  /** R128, R129: what was begun stays what it is, and the response has failed. */
  *fail(refusal: Refusal): Iterable<ResponseEvent> {
    yield* this.#started();
    yield this.#event('error', { code: refusal.code, message: refusal.say, param: null });
    for (const item of this.#open()) this.#done[item.index] = writeItem(item, 'incomplete');
    const response = this.#response({ status: 'failed', error: writeResponseError(refusal) });
    yield this.#event('response.failed', { response });
  }

  *#start({ id, model, created }: Extract<LlmPart, { type: 'start' }>): Iterable<ResponseEvent> {
    if (this.#head !== undefined) return;
    this.#base = idBase(id, this.#call);
    const createdSeconds = created || Math.floor(this.#nowMs / 1000);
    this.#head = openResponse(this.#call, { id: this.#base, model, createdSeconds });
    yield this.#event('response.created', { response: this.#head });
    yield this.#event('response.in_progress', { response: this.#head });
  }

  /** Some servers never say who they are. */
  *#started(): Iterable<ResponseEvent> {
    yield* this.#start({ type: 'start', id: '', model: '' });
  }

  *#text(delta: string): Iterable<ResponseEvent> {
    let item = this.#talk;
    if (item?.type !== 'message') {
      yield* this.#makeRoom();
      item = { type: 'message', id: this.#id('msg'), index: this.#items++, text: '' };
      this.#talk = item;
      yield* this.#added(item);
      yield this.#at('response.content_part.added', item, { content_index: 0, part: outputText('') });
    }
    item.text += delta;
    yield this.#at('response.output_text.delta', item, { content_index: 0, delta, logprobs: [] });
  }

  *#thinking(delta: string): Iterable<ResponseEvent> {
    let item = this.#talk;
    if (item?.type !== 'reasoning' || item.carried !== '') {
      item = yield* this.#openReasoning();
      yield this.#at('response.reasoning_summary_part.added', item, { summary_index: 0, part: summaryText('') });
    }
    item.text += delta;
    yield this.#at('response.reasoning_summary_text.delta', item, { summary_index: 0, delta });
  }

  /** R122: the signature comes after its text; where the text is kept from us it comes alone. */
  *#sign(signature: string): Iterable<ResponseEvent> {
    const item =
      this.#talk?.type === 'reasoning' && this.#talk.carried === '' ? this.#talk : yield* this.#openReasoning();
    item.carried = writeCarried({ kind: 'thinking', value: signature });
  }

  *#openReasoning(): Generator<ResponseEvent, OpenItem<'reasoning'>> {
    yield* this.#makeRoom();
    const item: OpenItem<'reasoning'> = {
      type: 'reasoning',
      id: this.#id('rs'),
      index: this.#items++,
      text: '',
      carried: '',
    };
    this.#talk = item;
    yield* this.#added(item);
    return item;
  }

  *#sealed(carried: Parameters<typeof writeCarried>[0]): Iterable<ResponseEvent> {
    const item = yield* this.#openReasoning();
    item.carried = writeCarried(carried);
    yield* this.#makeRoom();
  }

  *#callStart({ index, id, name, signature }: Extract<LlmPart, { type: 'tool-call' }>): Iterable<ResponseEvent> {
    if (signature !== undefined) yield* this.#sealed({ kind: 'call', value: signature });
    yield* this.#makeRoom();
    const callId = id || `call_${this.#base}_${index}`;
    const item = { type: 'function_call', id: this.#id('fc'), index: this.#items++, callId, name, text: '' } as const;
    this.#calls.set(index, item);
    yield* this.#added(item);
  }

  *#arguments(item: OpenItem<'function_call'> | undefined, delta: string): Iterable<ResponseEvent> {
    if (item === undefined || delta === '') return;
    item.text += delta;
    yield this.#at('response.function_call_arguments.delta', item, { delta });
  }

  *#end(): Iterable<ResponseEvent> {
    yield* this.#started();
    const reason = CUT_SHORT[this.#finish];
    const status = reason === undefined ? 'completed' : 'incomplete';
    for (const item of this.#open()) yield* this.#close(item, status);
    const response = this.#response({ status, ...(reason === undefined ? {} : { incomplete_details: { reason } }) });
    yield this.#event(`response.${status}`, { response });
  }

  /** Before another item: what was being said is done, and so are the calls whose arguments are whole. */
  *#makeRoom(): Iterable<ResponseEvent> {
    yield* this.#started();
    if (this.#talk !== undefined) yield* this.#close(this.#talk, 'completed');
    this.#talk = undefined;
    for (const [ordinal, item] of this.#calls) {
      if (!isWhole(item.text)) continue;
      yield* this.#close(item, 'completed');
      this.#calls.delete(ordinal);
    }
  }

  #open(): Item[] {
    return [...this.#calls.values(), ...(this.#talk === undefined ? [] : [this.#talk])].sort(
      (one, other) => one.index - other.index,
    );
  }

  *#close(item: Item, status: ItemStatus): Iterable<ResponseEvent> {
    if (item.type === 'message') {
      const { text } = item;
      yield this.#at('response.output_text.done', item, { content_index: 0, text, logprobs: [] });
      yield this.#at('response.content_part.done', item, { content_index: 0, part: outputText(text) });
    } else if (item.type === 'function_call') {
      if (item.text === '' && status === 'completed') yield* this.#arguments(item, '{}'); // R121
      yield this.#at('response.function_call_arguments.done', item, { arguments: item.text });
    } else if (item.text !== '') {
      const { text } = item;
      yield this.#at('response.reasoning_summary_text.done', item, { summary_index: 0, text });
      yield this.#at('response.reasoning_summary_part.done', item, { summary_index: 0, part: summaryText(text) });
    }
    const written = writeItem(item, status);
    this.#done[item.index] = written;
    yield this.#event('response.output_item.done', { output_index: item.index, item: written });
  }

  *#added(item: Item): Iterable<ResponseEvent> {
    yield this.#event('response.output_item.added', { output_index: item.index, item: writeEmptyItem(item) });
  }

  #at(type: string, { id, index }: Item, fields: Json): ResponseEvent {
    return this.#event(type, { item_id: id, output_index: index, ...fields });
  }

  #event(type: string, fields: Json): ResponseEvent {
    return { type, sequence_number: this.#count++, ...fields };
  }

  #response(fields: Json): Json {
    return { ...this.#head, output: [...this.#done], usage: writeResponseUsage(this.#usage), ...fields };
  }

  #id(prefix: string): string {
    return `${prefix}_${this.#base}_${this.#items}`;
  }
}

const isWhole = (json: string): boolean => {
  try {
    return json !== '' && JSON.parse(json) !== undefined;
  } catch {
    return false;
  }
};
