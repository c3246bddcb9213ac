import type { LlmCall, LlmPart, NativeFrame } from '../../core/llm.ts';
import type { Refusal } from '../../core/refusal.ts';
import { writeAnthropicRefusal } from '../../core/write-refusal.ts';
import { charsIn, usageOrEstimate, writeAnthropicUsage, writeContent, writeStop } from './anthropic-answer.ts';
import { AnthropicEvents } from './anthropic-events.ts';
import { event, type WireDialect } from './dialect.ts';
import { isObject, type Json } from './fields.ts';
import { anthropicStreamOf, readAnthropicMessages } from './read-anthropic-messages.ts';

/** Anthropic messages, the caller's side. Source: https://docs.anthropic.com/en/api/messages. */
export const anthropicMessages: WireDialect = {
  dialect: 'anthropic-messages',
  headers: ['anthropic-beta', 'anthropic-version'],
  readRequest: readAnthropicMessages,
  readStream: anthropicStreamOf,
  writeMessage: ({ id, model, content, finish, stopSequence, usage }, call) => ({
    id: id || `msg_${call.id}`,
    type: 'message',
    role: 'assistant',
    model: model || call.model,
    content: writeContent(content, call),
    ...writeStop(
      finish,
      stopSequence,
      content.some(({ type }) => type === 'tool-call'),
    ),
    usage: writeAnthropicUsage(usageOrEstimate(usage, call, charsIn(content))),
  }),
  writeStream,
  writeStreamError: (refusal, requestId) => event(JSON.stringify(writeRefusal(refusal, requestId)), 'error'),
  writeRefusal,
};

/** R139: agents that compact a conversation which no longer fits know it by these words of Anthropic's. */
const TOO_LONG = 'prompt is too long';

/** R133: what `count_tokens` and the list of models answer with, too. */
export function writeRefusal(refusal: Refusal, requestId: string): Json {
  const body = writeAnthropicRefusal(refusal, requestId);
  if (refusal.code !== 'context_length_exceeded' || !isObject(body.error)) return body;
  return { ...body, error: { ...body.error, message: `${TOO_LONG}: ${refusal.say}` } };
}

async function* writeStream(parts: AsyncIterable<LlmPart>, call: LlmCall): AsyncIterable<string> {
  const events = new AnthropicEvents(call);
  let passing = false;
  for await (const part of parts) {
    if (part.native?.dialect === 'anthropic-messages') {
      passing = true;
      yield passThrough(part.native);
    } else if (!passing) {
      yield* events.write(part);
    }
  }
}

/** The provider's own frame, byte for byte: pings and events that nobody knows included. */
const passThrough = ({ data, event: name, json }: NativeFrame): string =>
  event(data, name ?? (typeof json?.type === 'string' ? json.type : undefined));
