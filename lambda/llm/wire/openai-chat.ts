import {
  type FinishReason,
  type LlmCall,
  type LlmMessage,
  type LlmPart,
  type NativeFrame,
  NO_USAGE,
  promptTokens,
  type Usage,
} from '../../core/llm.ts';
import { writeOpenAiRefusal } from '../../core/write-refusal.ts';
import { event, type WireDialect } from './dialect.ts';
import { isObject, type Json, present } from './fields.ts';
import { readOpenAiChat, streamOf } from './read-openai-chat.ts';

/** OpenAI chat completions, the caller's side. Source: https://platform.openai.com/docs/api-reference/chat. */
export const openAiChat: WireDialect = {
  dialect: 'openai-chat',
  headers: ['openai-beta'],
  readRequest: readOpenAiChat,
  readStream: streamOf,
  writeMessage: (message, _call, nowMs) => ({
    id: message.id,
    object: 'chat.completion',
    created: message.created ?? Math.floor(nowMs / 1000),
    model: message.model,
    choices: [{ index: 0, message: writeAssistant(message), logprobs: null, finish_reason: FINISH[message.finish] }],
    usage: writeUsage(message.usage),
  }),
  writeStream,
  writeStreamError: (refusal) => event(JSON.stringify(writeOpenAiRefusal(refusal))),
  writeRefusal: (refusal) => writeOpenAiRefusal(refusal),
};

const FINISH: Record<FinishReason, string> = {
  stop: 'stop',
  length: 'length',
  'tool-call': 'tool_calls',
  filtered: 'content_filter',
};

/** R13: text blocks join without anything between. R50: `content` is null when there are only calls. R78: thinking stays out of it. */
const writeAssistant = ({ content }: LlmMessage): Json => {
  const text = content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('');
  const calls = content.flatMap((block) =>
    block.type === 'tool-call'
      ? [
          {
            id: block.id,
            type: 'function',
            function: { name: block.name, arguments: block.arguments || '{}' },
            ...opaque(block.signature),
          },
        ]
      : [],
  );
  const thinking = content.flatMap((block): Json[] => {
    if (block.type === 'redacted-thinking') return [{ type: 'redacted_thinking', data: block.data }];
    return block.type === 'thinking' && block.signature !== undefined // R80: without one it is no use to bring back.
      ? [{ type: 'thinking', thinking: block.text, signature: block.signature }]
      : [];
  });
  const reasoning = content.flatMap((block) => (block.type === 'thinking' ? [block.text] : [])).join('');
  return present({
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    refusal: null,
    reasoning_content: reasoning === '' ? undefined : reasoning,
    thinking_blocks: thinking.length === 0 ? undefined : thinking,
    tool_calls: calls.length === 0 ? undefined : calls,
  });
};

/** R83: Gemini's signature rides where Google's own OpenAI-compatible endpoint has it. */
const opaque = (signature: string | undefined): Json =>
  signature === undefined ? {} : { extra_content: { google: { thought_signature: signature } } };

/** R101, R103: prompt tokens include the cached ones; completion tokens include reasoning. */
const writeUsage = (usage: Usage): Json => ({
  prompt_tokens: promptTokens(usage),
  completion_tokens: usage.output,
  total_tokens: promptTokens(usage) + usage.output,
  prompt_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite },
  completion_tokens_details: { reasoning_tokens: usage.reasoning },
});

async function* writeStream(
  parts: AsyncIterable<LlmPart>,
  { includeUsage }: LlmCall,
  nowMs: number,
): AsyncIterable<string> {
  const writer = new ChunkWriter(includeUsage, nowMs);
  let passing = false;
  for await (const part of parts) {
    if (part.native?.dialect === 'openai-chat') {
      passing = true;
      const line = passThrough(part.native, includeUsage);
      if (line !== undefined) yield line;
    } else if (!passing) {
      yield* writer.write(part);
    }
  }
}

/**
 * The provider's own frame, byte for byte, but for the usage that we asked for and the caller did not (R115): the gateway
 * always meters.
 */
const passThrough = ({ data, json }: NativeFrame, includeUsage: boolean): string | undefined => {
  if (includeUsage || json === undefined || !('usage' in json)) return event(data);
  if (isObject(json.usage) && Array.isArray(json.choices) && json.choices.length === 0) return undefined;
  const { usage: _, ...rest } = json;
  return event(JSON.stringify(rest));
};

/** Writes parts as chunks: one id, one `created`, one model for all of them (R116). */
class ChunkWriter {
  readonly #includeUsage: boolean;
  readonly #nowMs: number;
  #head: Json = {};
  #usage: Usage = NO_USAGE;
  /** Since the last signature: a client that brings the block back needs both (R122). */
  #thought = '';

  constructor(includeUsage: boolean, nowMs: number) {
    this.#includeUsage = includeUsage;
    this.#nowMs = nowMs;
  }

  *write(part: LlmPart): Iterable<string> {
    switch (part.type) {
      case 'start':
        this.#head = {
          id: part.id,
          object: 'chat.completion.chunk',
          created: part.created ?? Math.floor(this.#nowMs / 1000),
          model: part.model,
        };
        yield this.#chunk({ role: 'assistant', content: '' });
        break;
      case 'text':
        yield this.#chunk({ content: part.text });
        break;
      case 'thinking':
        this.#thought += part.text;
        yield this.#chunk({ reasoning_content: part.text });
        break;
      case 'thinking-signature': {
        const block = { type: 'thinking', thinking: this.#thought, signature: part.signature };
        this.#thought = '';
        yield this.#chunk({ thinking_blocks: [block] });
        break;
      }
      case 'redacted-thinking':
        yield this.#chunk({ thinking_blocks: [{ type: 'redacted_thinking', data: part.data }] });
        break;
      case 'tool-call': // R117: `index` is the ordinal among calls, and the name comes once.
        yield this.#chunk({
          tool_calls: [
            {
              index: part.index,
              id: part.id,
              type: 'function',
              function: { name: part.name, arguments: '' },
              ...opaque(part.signature),
            },
          ],
        });
        break;
      case 'tool-arguments':
        yield this.#chunk({ tool_calls: [{ index: part.index, function: { arguments: part.json } }] });
        break;
      case 'usage':
        this.#usage = { ...this.#usage, ...part.usage };
        break;
      case 'finish':
        yield this.#chunk({}, FINISH[part.reason]);
        break;
      case 'end':
        if (this.#includeUsage)
          yield event(JSON.stringify({ ...this.#head, choices: [], usage: writeUsage(this.#usage) }));
        yield event('[DONE]');
        break;
      case 'other':
        break;
    }
  }

  #chunk(delta: Json, finish: string | null = null): string {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
    return event(JSON.stringify({ ...this.#head, choices, ...(this.#includeUsage ? { usage: null } : {}) }));
  }
}
