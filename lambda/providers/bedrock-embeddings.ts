import type { EmbeddingsCall } from '../core/embeddings.ts';
import { Refusal } from '../core/refusal.ts';
import { modelPath } from './bedrock-path.ts';
import type { Json, Provider, UpstreamRequest } from './provider.ts';
import { isObject } from './upstream-words.ts';

export interface BedrockEmbeddingsCall {
  readonly model: string;
  readonly input: readonly string[];
  readonly dimensions?: number;
}

export interface BedrockVectors {
  readonly vectors: readonly (readonly number[])[];
  /** What went in. Cohere says so in a header only. */
  readonly tokens?: number;
}

interface Family {
  readonly model: RegExp;
  /** Texts a request. */
  readonly most: number;
  /** Those it can give; the first unless it is asked. */
  readonly dimensions: readonly number[];
  readonly body: (texts: readonly string[], dimensions: number | undefined) => Json;
}

/** Cohere wants to know what a vector is for: documents are what callers who don't say embed most. */
const cohere = (texts: readonly string[], dimensions: number | undefined): Json => ({
  texts,
  input_type: 'search_document',
  embedding_types: ['float'],
  ...(dimensions === undefined ? {} : { output_dimension: dimensions }),
});

/** Source: Amazon Bedrock user guide, "Amazon Titan Text Embeddings" and "Cohere Embed". */
const FAMILIES: readonly Family[] = [
  {
    model: /amazon\.titan-embed-text-v1|amazon\.titan-embed-g1-text/,
    most: 1,
    dimensions: [1536],
    body: ([inputText]) => ({ inputText }),
  },
  {
    model: /amazon\.titan-embed-text-v2/,
    most: 1,
    dimensions: [1024, 512, 256],
    body: ([inputText], dimensions) => ({ inputText, ...(dimensions === undefined ? {} : { dimensions }) }),
  },
  {
    model: /cohere\.embed-(?:english|multilingual)-v3/,
    most: 96,
    dimensions: [1024],
    body: (texts) => cohere(texts, undefined),
  },
  { model: /cohere\.embed-v4/, most: 96, dimensions: [1536, 1024, 512, 256], body: cohere },
];

/**
 * As many InvokeModel requests as the model needs, to be answered in this order.
 *
 * Errors: `Refusal` with `surface_not_served` for a model that embeds nothing, `unsupported_parameter` for dimensions that
 * the model does not have.
 */
export const writeBedrockEmbeddings = ({ model, input, dimensions }: BedrockEmbeddingsCall): UpstreamRequest[] => {
  const family = FAMILIES.find((each) => each.model.test(model));
  if (family === undefined) {
    throw new Refusal('surface_not_served', {}, { param: 'model', expected: 'a model that embeds: Titan or Cohere' });
  }
  if (dimensions !== undefined && !family.dimensions.includes(dimensions)) {
    const expected = `this model has ${family.dimensions.join(', ')}`;
    throw new Refusal('unsupported_parameter', {}, { param: 'dimensions', expected });
  }
  return inGroups(input, family.most).map((texts) => ({
    method: 'POST',
    path: `${modelPath(model)}/invoke`,
    headers: { accept: 'application/json' },
    body: family.body(texts, dimensions),
    dropped: [],
  }));
};

const inGroups = <T>(list: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size));

/**
 * The vectors of all answers, in the order of the requests.
 *
 * Errors: `Refusal('upstream_failed')` unless there are `count` of them.
 */
export const readBedrockEmbeddings = (bodies: readonly Json[], count: number): BedrockVectors => {
  const vectors = bodies.flatMap(vectorsOf);
  if (vectors.length !== count) throw new Refusal('upstream_failed', { reason: 'vectors missing' });
  const counts = bodies.map(({ inputTextTokenCount }) => inputTextTokenCount);
  const isCounted = counts.every((tokens) => typeof tokens === 'number');
  return { vectors, ...(isCounted ? { tokens: counts.reduce((sum, tokens) => sum + tokens, 0) } : {}) };
};

/** Titan: one `embedding`. Cohere: a list of them, or lists by type. */
const vectorsOf = ({ embedding, embeddings }: Json): number[][] => {
  const found = isObject(embeddings) ? embeddings.float : embeddings;
  const listed: readonly unknown[] = Array.isArray(embedding) ? [embedding] : Array.isArray(found) ? found : [];
  return listed.filter(isVector);
};

const isVector = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'number');

export const bedrockEmbeddings: NonNullable<Provider['embeddings']> = {
  toRequest: (call, model) => {
    const { dimensions, foreign } = call;
    const asked = { model, input: textsOf(call), ...(dimensions === undefined ? {} : { dimensions }) };
    return writeBedrockEmbeddings(asked).map((request) => ({ ...request, dropped: foreign }));
  },
  toReply: (bodies, { inputs }) => ({ type: 'vectors', ...readBedrockEmbeddings(bodies, inputs.length) }),
};

const textsOf = ({ inputs }: EmbeddingsCall): readonly string[] =>
  inputs.map((input) => {
    if (typeof input === 'string') return input;
    const expected = 'texts: token numbers are words of another model';
    throw new Refusal('unsupported_content', { kind: 'token numbers' }, { param: 'input', expected });
  });
