import type { FinishReason, LlmCall, LlmPart, Usage } from '../../core/llm.ts';
import { usageOrEstimate, writeAnthropicUsage, writeStop, writeToolUse } from './anthropic-answer.ts';
import { event } from './dialect.ts';
import type { Json } from './fields.ts';

/** A content block that has not ended. */
interface OpenBlock {
  readonly kind: 'text' | 'thinking' | 'redacted-thinking' | 'tool';
  /** What `content_block_start` says of it. */
  readonly start: Json;
  /** Deltas that came while an earlier block was still open. */
  readonly held: Json[];
  /** A tool's arguments so far. */
  json: string;
  /** Nothing can follow: a thought that was signed, or anything that something else followed. */
  sealed: boolean;
}

/**
 * Writes parts as Anthropic's events (R118): one block open at a time, indices without gaps, one `message_delta` with all that
 * is known at the end. OpenAI may tell of several calls at once: what belongs to a later one waits until the open one is
 * complete (R119), for a block that was closed cannot be opened again.
 *
 * Source: https://docs.anthropic.com/en/api/messages-streaming.
 */
export class AnthropicEvents {
  readonly #call: LlmCall;
  /** In the order in which they began; the first is open on the wire. */
  readonly #blocks: OpenBlock[] = [];
  /** By the ordinal of the call. Holds those that ended, too: what still comes for them is late. */
  readonly #tools = new Map<number, OpenBlock>();
  #head = { id: '', model: '' };
  #begun = false;
  /** Index of the block that is open on the wire. */
  #index = 0;
  #usage: Partial<Usage> = {};
  #chars = 0;
  #finish: { readonly reason: FinishReason; readonly stopSequence?: string } = { reason: 'stop' };

  constructor(call: LlmCall) {
    this.#call = call;
  }

  *write(part: LlmPart): Iterable<string> {
    switch (part.type) {
      case 'start': // Said with the first thing there is to say: by then usage may be known.
        this.#head = { id: part.id, model: part.model };
        break;
      case 'usage':
        this.#usage = { ...this.#usage, ...part.usage }; // R107
        break;
      case 'text':
        if (part.text !== '') yield* this.#say('text', { type: 'text', text: '' }, 'text_delta', 'text', part.text);
        break;
      case 'thinking':
        if (part.text !== '') yield* this.#think('thinking_delta', 'thinking', part.text);
        break;
      case 'thinking-signature': // R122: before the block ends, and it is the last of it.
        yield* this.#think('signature_delta', 'signature', part.signature);
        seal(this.#blocks.at(-1));
        break;
      case 'redacted-thinking':
        yield* this.#open('redacted-thinking', { type: 'redacted_thinking', data: part.data });
        seal(this.#blocks.at(-1));
        break;
      case 'tool-call': {
        this.#chars += part.name.length;
        const block = yield* this.#open('tool', writeToolUse(part, part.index, this.#call, {}));
        this.#tools.set(part.index, block);
        break;
      }
      case 'tool-arguments': {
        const block = this.#tools.get(part.index);
        if (block === undefined) break;
        block.json += part.json;
        this.#chars += part.json.length;
        yield* this.#delta(block, { type: 'input_json_delta', partial_json: part.json });
        break;
      }
      case 'finish': // Held: usage may follow (R115, R124).
        this.#finish = part;
        yield* this.#closeAll();
        break;
      case 'end':
        yield* this.#closeAll();
        yield write('message_delta', {
          delta: writeStop(this.#finish.reason, this.#finish.stopSequence, this.#tools.size > 0),
          usage: writeAnthropicUsage(usageOrEstimate(this.#usage, this.#call, this.#chars)),
        });
        yield write('message_stop', {});
        break;
      case 'other':
        break;
    }
  }

  #think(type: string, field: string, text: string): Iterable<string> {
    return this.#say('thinking', { type: 'thinking', thinking: '', signature: '' }, type, field, text);
  }

  /** More of the last block, or a new one. */
  *#say(kind: 'text' | 'thinking', start: Json, type: string, field: string, text: string): Iterable<string> {
    if (field !== 'signature') this.#chars += text.length;
    const last = this.#blocks.at(-1);
    const block = last?.kind === kind && !last.sealed ? last : yield* this.#open(kind, start);
    yield* this.#delta(block, { type, [field]: text });
  }

  *#open(kind: OpenBlock['kind'], start: Json): Generator<string, OpenBlock> {
    yield* this.#begin();
    const block: OpenBlock = { kind, start, held: [], json: '', sealed: false };
    const last = this.#blocks.at(-1);
    if (last?.kind !== 'tool') seal(last);
    this.#blocks.push(block);
    if (this.#blocks.length === 1) yield this.#startOf(block);
    else yield* this.#closeWhile((open) => open !== block && (open.sealed || isWhole(open.json)));
    return block;
  }

  *#delta(block: OpenBlock, delta: Json): Iterable<string> {
    if (block === this.#blocks[0]) yield write('content_block_delta', { index: this.#index, delta });
    else if (this.#blocks.includes(block)) block.held.push(delta);
  }

  *#closeAll(): Iterable<string> {
    yield* this.#begin();
    yield* this.#closeWhile(() => true);
  }

  /** Ends the open block, and lets the next one speak, for as long as the open one may end. */
  *#closeWhile(mayEnd: (open: OpenBlock) => boolean): Iterable<string> {
    for (let open = this.#blocks[0]; open !== undefined && mayEnd(open); open = this.#blocks[0]) {
      yield write('content_block_stop', { index: this.#index });
      this.#index++;
      this.#blocks.shift();
      const next = this.#blocks[0];
      if (next === undefined) continue;
      yield this.#startOf(next);
      for (const delta of next.held) yield write('content_block_delta', { index: this.#index, delta });
    }
  }

  #startOf({ start }: OpenBlock): string {
    return write('content_block_start', { index: this.#index, content_block: start });
  }

  /** Usage as it is known by now: estimated, until `message_delta` has the provider's own. */
  *#begin(): Iterable<string> {
    if (this.#begun) return;
    this.#begun = true;
    const { id, model } = this.#head;
    const usage = usageOrEstimate(this.#usage, this.#call, 0);
    yield write('message_start', {
      message: {
        id: id || `msg_${this.#call.id}`,
        type: 'message',
        role: 'assistant',
        model: model || this.#call.model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: writeAnthropicUsage({ ...usage, output: Math.max(1, usage.output), reasoning: 0 }),
      },
    });
  }
}

/** The event's name is its type (R118). */
const write = (type: string, rest: Json): string => event(JSON.stringify({ type, ...rest }), type);

const seal = (block: OpenBlock | undefined): void => {
  if (block !== undefined) block.sealed = true;
};

/** Complete JSON can't grow. Asked once for each block that follows, not for each fragment. */
const isWhole = (json: string): boolean => {
  try {
    JSON.parse(json);
    return json.trim().startsWith('{');
  } catch {
    return false;
  }
};
