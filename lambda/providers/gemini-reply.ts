import type { Block, FinishReason, LlmMessage, LlmPart, NativeFrame, Usage } from '../core/llm.ts';
import { NO_USAGE } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';
import { geminiRefusal } from './gemini-refusal.ts';
import { tagSignature } from './gemini-signature.ts';
import { withNative } from './openai-reply.ts';
import type { Json } from './provider.ts';
import { isObject } from './upstream-words.ts';

/** R110. Source: Gemini API reference, v1beta, "FinishReason". */
const FINISH = new Map<unknown, FinishReason | 'broken'>([
  ['STOP', 'stop'],
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'filtered'],
  ['RECITATION', 'filtered'],
  ['BLOCKLIST', 'filtered'],
  ['PROHIBITED_CONTENT', 'filtered'],
  ['SPII', 'filtered'],
  ['IMAGE_SAFETY', 'filtered'],
  ['IMAGE_PROHIBITED_CONTENT', 'filtered'],
  ['IMAGE_RECITATION', 'filtered'],
  ['LANGUAGE', 'broken'],
  ['OTHER', 'broken'],
  ['MALFORMED_FUNCTION_CALL', 'broken'],
  ['UNEXPECTED_TOOL_CALL', 'broken'],
  ['TOO_MANY_TOOL_CALLS', 'broken'],
  ['MISSING_THOUGHT_SIGNATURE', 'broken'],
  ['MALFORMED_RESPONSE', 'broken'],
  ['NO_IMAGE', 'broken'],
  ['IMAGE_OTHER', 'broken'],
]);

/** How an answer is read back into what the caller knows. */
export interface GeminiReadBack {
  /** Unique for the call: answers without ids get theirs from it. */
  readonly callId: string;
  readonly names: ReadonlyMap<string, string>;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const number = (value: unknown): number => (typeof value === 'number' && value >= 0 ? value : 0);

/** R103: Gemini's prompt includes the cached tokens and not those of tools; its candidates exclude the thoughts. */
const readGeminiUsage = (usage: Json): Usage => {
  const cacheRead = number(usage.cachedContentTokenCount);
  const reasoning = number(usage.thoughtsTokenCount);
  return {
    input: Math.max(0, number(usage.promptTokenCount) + number(usage.toolUsePromptTokenCount) - cacheRead),
    cacheRead,
    cacheWrite: 0,
    output: number(usage.candidatesTokenCount) + reasoning,
    reasoning,
  };
};

/** A whole answer: one frame that has everything. Source: https://ai.google.dev/api/generate-content. */
export const readGeminiMessage = (body: Json, back: GeminiReadBack): LlmMessage => {
  const reader = new FrameReader(back);
  const parts = reader.read(body);
  if (!reader.answered) throw new Refusal('upstream_failed', { reason: 'no candidates' });
  const usage = isObject(body.usageMetadata) ? readGeminiUsage(body.usageMetadata) : NO_USAGE;
  return {
    ...reader.head(body),
    content: collect(parts),
    finish: reader.finish() ?? 'stop',
    usage,
  };
};

/**
 * A streamed answer (R126). Nothing marks its end: a finish reason was seen, and then the stream is over. Frames after that
 * reason exist, so it is told last.
 */
export async function* readGeminiParts(
  frames: AsyncIterable<NativeFrame>,
  back: GeminiReadBack,
): AsyncIterable<LlmPart> {
  const reader = new FrameReader(back);
  for await (const native of frames) {
    if (native.json === undefined) throw new Refusal('upstream_failed', { reason: 'frame is not JSON' });
    if (isObject(native.json.error)) throw geminiRefusal(number(native.json.error.code) || 500, native.json, {});
    yield* withNative(reader.read(native.json), native);
  }
  const reason = reader.finish();
  if (reason === undefined) throw new Refusal('upstream_truncated', { reason: 'no finishReason' }); // R128
  yield { type: 'finish', reason };
  yield { type: 'end' };
}

/** Follows one answer: how many calls it made, what it used, and why it ended. */
class FrameReader {
  readonly #back: GeminiReadBack;
  #started = false;
  #calls = 0;
  #usage: Json = {};
  #finish: string | undefined;
  /** There was a candidate, or the prompt was refused. */
  answered = false;

  constructor(back: GeminiReadBack) {
    this.#back = back;
  }

  head(frame: Json): { id: string; model: string } {
    return { id: text(frame.responseId) || this.#back.callId, model: text(frame.modelVersion) };
  }

  read(frame: Json): LlmPart[] {
    const parts: LlmPart[] = [];
    if (!this.#started) parts.push({ type: 'start', ...this.head(frame) });
    this.#started = true;
    const [first]: unknown[] = Array.isArray(frame.candidates) ? frame.candidates : [];
    if (isObject(first)) {
      this.answered = true;
      const content = isObject(first.content) && Array.isArray(first.content.parts) ? first.content.parts : [];
      for (const part of content.filter(isObject)) this.#part(part, parts);
      this.#finish = text(first.finishReason) || this.#finish;
    } else if (isObject(frame.promptFeedback) && text(frame.promptFeedback.blockReason) !== '') {
      this.answered = true;
      this.#finish = 'SAFETY'; // R111: the prompt itself was refused.
    }
    if (isObject(frame.usageMetadata)) {
      // R107: what is absent is not 0, a later frame replaces only what it has.
      this.#usage = { ...this.#usage, ...frame.usageMetadata };
      parts.push({ type: 'usage', usage: readGeminiUsage(this.#usage) });
    }
    return parts;
  }

  /** R112: a call that may be cut off is no call. Errors: `Refusal('upstream_failed')` if the model got lost. */
  finish(): FinishReason | undefined {
    if (this.#finish === undefined) return undefined;
    const reason = FINISH.get(this.#finish) ?? 'stop'; // R114
    if (reason === 'broken') throw new Refusal('upstream_failed', { reason: this.#finish });
    return reason === 'stop' && this.#calls > 0 ? 'tool-call' : reason;
  }

  #part(part: Json, parts: LlmPart[]): void {
    const words = text(part.text);
    if (part.thought === true) {
      if (words !== '') parts.push({ type: 'thinking', text: words }); // R84
      const signature = text(part.thoughtSignature);
      if (signature !== '') parts.push({ type: 'thinking-signature', signature: tagSignature(signature) });
    } else if (isObject(part.functionCall)) {
      this.#call(part.functionCall, text(part.thoughtSignature), parts);
    } else if (words !== '') {
      parts.push({ type: 'text', text: words });
    } else if (isObject(part.inlineData)) {
      throw new Refusal('surface_not_served', { reason: 'media in the answer' });
    }
  }

  /** R38: an id of our own where Gemini gave none, different for two calls of one function. R126: arguments come whole. */
  #call(call: Json, signature: string, parts: LlmPart[]): void {
    const index = this.#calls++;
    const name = text(call.name);
    const id = text(call.id) || `call_${this.#back.callId}_${index}`;
    const signed = signature === '' ? {} : { signature }; // R83
    parts.push({ type: 'tool-call', index, id, name: this.#back.names.get(name) ?? name, ...signed });
    parts.push({ type: 'tool-arguments', index, json: JSON.stringify(isObject(call.args) ? call.args : {}) });
  }
}

/** Parts of one frame as blocks; pieces of the same kind that follow each other are one block, as a stream's reader has them. */
const collect = (parts: readonly LlmPart[]): Block[] => {
  const blocks: Block[] = [];
  for (const part of parts) {
    const last = blocks.at(-1);
    switch (part.type) {
      case 'text':
      case 'thinking':
        if (last?.type === part.type) blocks[blocks.length - 1] = { ...last, text: last.text + part.text };
        else blocks.push({ type: part.type, text: part.text });
        break;
      case 'thinking-signature':
        if (last?.type === 'thinking') blocks[blocks.length - 1] = { ...last, signature: part.signature };
        else blocks.push({ type: 'thinking', text: '', signature: part.signature });
        break;
      case 'tool-call': {
        const { id, name, signature } = part;
        blocks.push({ type: 'tool-call', id, name, arguments: '', ...(signature === undefined ? {} : { signature }) });
        break;
      }
      case 'tool-arguments':
        if (last?.type === 'tool-call') blocks[blocks.length - 1] = { ...last, arguments: part.json };
        break;
      default:
        break;
    }
  }
  return blocks;
};
