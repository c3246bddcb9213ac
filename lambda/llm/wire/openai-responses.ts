import type { Block, LlmCall, LlmMessage, LlmPart, NativeFrame } from '../../core/llm.ts';
import { Refusal, toRefusal } from '../../core/refusal.ts';
import { writeOpenAiRefusal } from '../../core/write-refusal.ts';
import { event, type WireDialect } from './dialect.ts';
import { isObject, type Json } from './fields.ts';
import { readOpenAiResponses, responsesStreamOf } from './read-openai-responses.ts';
import { type ResponseEvent, ResponseEvents } from './response-events.ts';
import { writeResponseError } from './response-object.ts';

/**
 * OpenAI responses, the caller's side, without what a server would have to remember.
 * Source: https://platform.openai.com/docs/api-reference/responses.
 */
export const openAiResponses: WireDialect = {
  dialect: 'openai-responses',
  headers: ['openai-beta'],
  readRequest: readOpenAiResponses,
  readStream: responsesStreamOf,
  writeMessage,
  writeStream,
  // The error events carry numbers that only `writeStream` knows: it has written them when this is asked.
  writeStreamError: () => '',
  writeRefusal: (refusal) => writeOpenAiRefusal(inOurWords(refusal)),
};

/** Providers know the conversation by the name that other dialects have for it. */
const inOurWords = (refusal: Refusal): Refusal => {
  if (refusal.param !== 'messages') return refusal;
  const { code, detail, expected, upstreamSays } = refusal;
  return new Refusal(code, detail, {
    param: 'input',
    ...(expected === undefined ? {} : { expected }),
    ...(upstreamSays === undefined ? {} : { upstreamSays }),
  });
};

/** A whole answer is the last event of its own stream: so the two can't differ. */
function writeMessage(message: LlmMessage, call: LlmCall, nowMs: number): Json {
  const events = new ResponseEvents(call, nowMs);
  let response: Json = {};
  for (const part of partsOf(message)) {
    for (const { response: told } of events.write(part)) if (isObject(told)) response = told;
  }
  return response;
}

function* partsOf({ id, model, created, content, usage, finish }: LlmMessage): Iterable<LlmPart> {
  yield { type: 'start', id, model, ...(created === undefined ? {} : { created }) };
  let calls = 0;
  for (const block of content) {
    yield* partsOfBlock(block, calls);
    if (block.type === 'tool-call') calls++;
  }
  yield { type: 'usage', usage };
  yield { type: 'finish', reason: finish };
  yield { type: 'end' };
}

function* partsOfBlock(block: Block, index: number): Iterable<LlmPart> {
  switch (block.type) {
    case 'text':
      yield { type: 'text', text: block.text };
      break;
    case 'thinking':
      yield { type: 'thinking', text: block.text };
      if (block.signature !== undefined) yield { type: 'thinking-signature', signature: block.signature };
      break;
    case 'redacted-thinking':
      yield { type: 'redacted-thinking', data: block.data };
      break;
    case 'tool-call': {
      const { id, name, signature } = block;
      yield { type: 'tool-call', index, id, name, ...(signature === undefined ? {} : { signature }) };
      yield { type: 'tool-arguments', index, json: block.arguments };
      break;
    }
    default:
      break;
  }
}

async function* writeStream(parts: AsyncIterable<LlmPart>, call: LlmCall, nowMs: number): AsyncIterable<string> {
  const events = new ResponseEvents(call, nowMs);
  let passed: Passed | undefined;
  try {
    for await (const part of parts) {
      if (part.native?.dialect === 'openai-responses') {
        passed ??= new Passed();
        yield passed.through(part.native);
      } else if (passed === undefined) {
        for (const one of events.write(part)) yield frame(one);
      }
    }
  } catch (thrown) {
    const refusal = toRefusal(thrown);
    if (refusal.code !== 'caller_left') {
      yield [...(passed?.fail(refusal) ?? events.fail(refusal))].map(frame).join('');
    }
    throw thrown;
  }
}

const frame = (one: ResponseEvent): string => event(JSON.stringify(one), one.type);

/** A stream of OpenAI's own: its frames byte for byte, and what is needed to end it where they break off. */
class Passed {
  #sequence = -1;
  #response: Json = {};

  through({ data, event: name, json }: NativeFrame): string {
    if (typeof json?.sequence_number === 'number') this.#sequence = json.sequence_number;
    if (isObject(json?.response)) this.#response = json.response;
    return event(data, name ?? (typeof json?.type === 'string' ? json.type : undefined));
  }

  fail(refusal: Refusal): readonly ResponseEvent[] {
    const response = { ...this.#response, status: 'failed', error: writeResponseError(refusal) };
    return [
      {
        type: 'error',
        sequence_number: this.#sequence + 1,
        code: refusal.code,
        message: refusal.say,
        param: null,
      },
      { type: 'response.failed', sequence_number: this.#sequence + 2, response },
    ];
  }
}
