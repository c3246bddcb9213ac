import type { Dialect, LlmCall, LlmMessage, LlmPart, LlmRequest } from '../../core/llm.ts';
import type { Refusal } from '../../core/refusal.ts';
import type { Json } from './fields.ts';

/** One way of talking to callers. Translates; knows neither policy nor network. */
export interface WireDialect {
  readonly dialect: Dialect;
  /** Headers of the caller that a provider of the same dialect should see. Never credentials. */
  readonly headers: readonly string[];
  /** Checks every field that the gateway acts on. Errors: `Refusal('invalid_request')` with `param`. */
  readRequest(body: Json): LlmRequest;
  readStream(body: Json): { readonly stream: boolean; readonly includeUsage: boolean };
  /** `nowMs` dates an answer that its provider did not. */
  writeMessage(message: LlmMessage, call: LlmCall, nowMs: number): Json;
  /** One server-sent event a string, complete with its blank line. Ends without a terminator only by throwing. */
  writeStream(parts: AsyncIterable<LlmPart>, call: LlmCall, nowMs: number): AsyncIterable<string>;
  /** What follows the first byte when an answer breaks off: an error event, never a success terminator. */
  writeStreamError(refusal: Refusal, requestId: string): string;
  writeRefusal(refusal: Refusal, requestId: string): Json;
}

/** A server-sent event. Our own JSON is one line; what passes through from a provider need not be. */
export const event = (data: string, name?: string): string => {
  const lines = data.includes('\n') ? data.replaceAll('\n', '\ndata: ') : data;
  return name === undefined ? `data: ${lines}\n\n` : `event: ${name}\ndata: ${lines}\n\n`;
};
