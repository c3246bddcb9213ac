import type { EmbeddingsCall } from '../core/embeddings.ts';
import { Refusal } from '../core/refusal.ts';
import { modelPath, withoutPrefix } from './gemini-path.ts';
import type { Json, Provider, UpstreamRequest } from './provider.ts';
import { isObject } from './upstream-words.ts';

export interface EmbeddingsRequest {
  readonly model: string;
  readonly input: readonly string[];
  /** Length of the vectors, if not the model's own. */
  readonly dimensions?: number;
}

/** One vector an input, in its order. `tokens`: what went in, where Gemini says so. */
export interface EmbeddingVectors {
  readonly vectors: readonly (readonly number[])[];
  readonly tokens?: number;
}

/** Embeddings of several texts in one request. Source: https://ai.google.dev/api/embeddings, v1beta, `batchEmbedContents`. */
export const geminiEmbeddings = {
  toRequest({ model, input, dimensions }: EmbeddingsRequest): UpstreamRequest {
    const requests = input.map((text) => ({
      model: `models/${withoutPrefix(model)}`,
      content: { parts: [{ text }] },
      ...(dimensions === undefined ? {} : { outputDimensionality: dimensions }),
    }));
    return {
      method: 'POST',
      path: `${modelPath(model)}:batchEmbedContents`,
      headers: {},
      body: { requests },
      dropped: [],
    };
  },

  /** Errors: `Refusal('upstream_failed')` for a body that has not one vector for each of `count` inputs. */
  toReply(body: Json, count: number): EmbeddingVectors {
    const listed = Array.isArray(body.embeddings) ? body.embeddings : [];
    const vectors = listed.map((one) => (isObject(one) ? one.values : undefined)).filter(isVector);
    if (vectors.length !== count)
      throw new Refusal('upstream_failed', { reason: 'embeddings do not match the inputs' });
    const usage = isObject(body.usageMetadata) ? body.usageMetadata : {};
    const tokens = usage.promptTokenCount;
    return { vectors: vectors.map(toUnitLength), ...(typeof tokens === 'number' ? { tokens } : {}) };
  },
};

const isVector = (values: unknown): values is readonly number[] =>
  Array.isArray(values) && values.length > 0 && values.every((value) => typeof value === 'number');

/** A shortened vector comes as it was cut; callers who know OpenAI's compare by dot product and need length 1. */
const toUnitLength = (vector: readonly number[]): readonly number[] => {
  const length = Math.hypot(...vector);
  return length === 0 || Math.abs(length - 1) < 1e-3 ? vector : vector.map((value) => value / length);
};

/** More are refused: "at most 100 requests can be in one batch". */
const MOST_IN_A_BATCH = 100;

/** The same for a call with any number of texts. */
export const geminiEmbeddingBatches: NonNullable<Provider['embeddings']> = {
  toRequest: (call, model) => {
    const { dimensions, foreign } = call;
    return batches(textsOf(call)).map((input) => ({
      ...geminiEmbeddings.toRequest({ model, input, ...(dimensions === undefined ? {} : { dimensions }) }),
      dropped: foreign,
    }));
  },
  toReply: (bodies, call) => {
    const counts = batches(call.inputs).map(({ length }) => length);
    const replies = bodies.map((body, index) => geminiEmbeddings.toReply(body, counts[index] ?? 0));
    const tokens = replies.map((reply) => reply.tokens);
    const isToldByAll = tokens.every((count) => count !== undefined);
    return {
      type: 'vectors',
      vectors: replies.flatMap(({ vectors }) => vectors),
      ...(isToldByAll ? { tokens: tokens.reduce((sum, count) => sum + count, 0) } : {}),
    };
  },
};

const batches = <T>(inputs: readonly T[]): (readonly T[])[] =>
  Array.from({ length: Math.ceil(inputs.length / MOST_IN_A_BATCH) }, (_, index) =>
    inputs.slice(index * MOST_IN_A_BATCH, (index + 1) * MOST_IN_A_BATCH),
  );

const textsOf = ({ inputs }: EmbeddingsCall): readonly string[] =>
  inputs.map((input) => {
    if (typeof input === 'string') return input;
    throw new Refusal(
      'unsupported_content',
      { kind: 'token numbers' },
      { param: 'input', expected: 'texts: token numbers are words of another model' },
    );
  });
