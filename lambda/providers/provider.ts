import type { CompiledLlmProvider, LlmProviderKind } from '../../config/compiled.ts';
import type { EmbeddingsCall, EmbeddingsReply } from '../core/embeddings.ts';
import type { Dialect, LlmCall, LlmMessage, LlmPart, NativeFrame } from '../core/llm.ts';
import type { Refusal } from '../core/refusal.ts';
import type { SignedService } from './sign-request.ts';

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
  /** Knows us by a signature where the policy names no credential: `SignRequest`. */
  readonly signs?: { readonly service: SignedService };
  /** The header that carries the credential. */
  authorize(secret: string): Readonly<Record<string, string>>;
  listModels(): UpstreamRequest;
  toModels(body: Json): readonly ListedModel[];
  /** Absent: it has no embeddings. */
  readonly embeddings?: {
    /** One or more, for models that take few texts a request; answered in this order. Errors: as of `toRequest` above. */
    toRequest(call: EmbeddingsCall, model: string, provider: CompiledLlmProvider): readonly UpstreamRequest[];
    /** `bodies` in the order of the requests. Errors: `Refusal('upstream_failed')` unless there is a vector for each input. */
    toReply(bodies: readonly Json[], call: EmbeddingsCall): EmbeddingsReply;
  };
}
