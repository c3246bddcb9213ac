import type { Call } from './call.ts';
import type { ServedBy } from './llm.ts';

/** A text, or the same as token numbers of the model's own vocabulary. */
export type EmbeddingInput = string | readonly number[];

/** What is asked for. */
export interface EmbeddingsAsked {
  /** One or more; the reply has a vector for each, in this order. */
  readonly inputs: readonly EmbeddingInput[];
  readonly dimensions?: number;
  /** How vectors are written: as numbers, or as base64 of 32-bit floats, little-endian. */
  readonly encoding: 'float' | 'base64';
  /** Names of parameters that nobody but OpenAI knows: named as dropped where they do not pass through. */
  readonly foreign: readonly string[];
}

interface EmbeddingsBase extends Call {
  readonly model: string;
  /** What the caller sent, every field of it; passes through where the provider speaks the same dialect. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** A call for vectors on its way to be allowed: whose texts nobody has looked at. */
export interface UnreadEmbeddings extends EmbeddingsBase {
  /** From 0 up to 1, drawn once a call: every stage has to see the same one of several weighted targets. */
  readonly drawn?: number;
  /** Read when somebody asks for it. Errors: `Refusal('invalid_request')`. */
  readonly asked: EmbeddingsAsked;
}

/** A call for vectors. One surface, OpenAI's, so there is no hub: providers translate from it. */
export interface EmbeddingsCall extends EmbeddingsBase, EmbeddingsAsked {}

/** `tokens`: what went in, absent where the provider does not say. */
export type EmbeddingsReply = { readonly tokens?: number } & (
  | { readonly type: 'vectors'; readonly vectors: readonly (readonly number[])[] }
  /** The provider's own body, in the caller's dialect. */
  | { readonly type: 'native'; readonly body: Readonly<Record<string, unknown>> }
);

export type ServedEmbeddings = ServedBy & EmbeddingsReply;
