import type { CompiledLlmProvider, LlmProviderKind } from '../../config/compiled.ts';
import type { Dialect, LlmCall, LlmMessage, LlmPart, NativeFrame } from '../core/llm.ts';
import type { Refusal } from '../core/refusal.ts';

export type Json = Readonly<Record<string, unknown>>;

/** What an adapter wants sent. `path` goes after the provider's base URL. */
export interface UpstreamRequest {
  readonly method: 'POST' | 'GET';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Json;
  /** Parameters of the caller that this provider can't take, by their name in the caller's dialect. */
  readonly dropped: readonly string[];
}

/** One model as `GET /models` lists it. `created` in seconds since the epoch. */
export interface ListedModel {
  readonly id: string;
  readonly created: number;
  readonly ownedBy: string;
  readonly displayName?: string;
}

/**
 * One kind of model provider: translations between the hub and its wire format, and nothing else. Must not touch network,
 * clock, environment or credentials, and must not keep anything between calls.
 */
export interface Provider {
  readonly kind: LlmProviderKind;
  /** A call that came in one of these passes through with every field kept. */
  readonly dialects: readonly Dialect[];
  /** Cuts the body of a streamed answer into frames. */
  decode(bytes: AsyncIterable<Uint8Array>, call: LlmCall): AsyncIterable<NativeFrame>;
  /** Errors: `Refusal` with `unsupported_parameter` or `unsupported_content` for what must not be dropped silently. */
  toRequest(call: LlmCall, model: string, provider: CompiledLlmProvider): UpstreamRequest;
  /** A whole answer. Errors: `Refusal('upstream_failed')` for a body that is not one. */
  toMessage(body: Json, call: LlmCall): LlmMessage;
  /**
   * A streamed answer. Must end with the part `end` when, and only when, the provider's own terminator was seen; frames that
   * stop before it, or an error frame, end it with a `Refusal`.
   */
  toParts(frames: AsyncIterable<NativeFrame>, call: LlmCall): AsyncIterable<LlmPart>;
  /** What an answer of 400 or more means to our caller. `body` is its JSON, or undefined. */
  toRefusal(status: number, body: unknown, headers: Readonly<Record<string, string>>): Refusal;
  /** The header that carries the credential. */
  authorize(secret: string): Readonly<Record<string, string>>;
  listModels(): UpstreamRequest;
  toModels(body: Json): readonly ListedModel[];
}
