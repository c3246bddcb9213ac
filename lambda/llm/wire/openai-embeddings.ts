import type { EmbeddingInput, EmbeddingsAsked, ServedEmbeddings } from '../../core/embeddings.ts';
import { arrayAt, invalid, isObject, type Json, oneOf, optionalInteger, present, stringAt } from './fields.ts';

/** As many as OpenAI takes. */
const MAX_INPUTS = 2048;

/** OpenAI embeddings, the caller's side. Source: https://platform.openai.com/docs/api-reference/embeddings/create. */
export const readOpenAiEmbeddings = (body: Json): EmbeddingsAsked => {
  const format = body.encoding_format ?? 'float';
  return {
    inputs: readInputs(body.input),
    encoding: oneOf(format, 'encoding_format', ['float', 'base64']),
    foreign: Object.keys(body).filter((name) => !KNOWN.has(name) && body[name] !== null),
    ...present({ dimensions: optionalInteger(body, 'dimensions', 1) }),
  };
};

const KNOWN = new Set(['model', 'input', 'dimensions', 'encoding_format']);

/** One text, one list of token numbers, or several of either. */
const readInputs = (input: unknown): readonly EmbeddingInput[] => {
  if (typeof input === 'string') return [input];
  const listed = arrayAt(input, 'input');
  if (listed.length === 0) throw invalid('input', 'expected at least one text');
  if (typeof listed[0] === 'number') return [readTokens(listed, 'input')];
  if (listed.length > MAX_INPUTS) throw invalid('input', `expected ${MAX_INPUTS} texts at most`);
  return listed.map((one, index) =>
    Array.isArray(one) ? readTokens(one, `input[${index}]`) : stringAt(one, `input[${index}]`),
  );
};

const readTokens = (listed: readonly unknown[], at: string): readonly number[] => {
  if (listed.length === 0 || !listed.every((one) => Number.isSafeInteger(one)))
    throw invalid(at, 'expected texts, or token numbers');
  return listed as readonly number[];
};

/** `tokens`: what the record says too. A provider that speaks the dialect is repeated word for word. */
export const writeEmbeddings = (reply: ServedEmbeddings, asked: EmbeddingsAsked, tokens: number): Json => {
  if (reply.type === 'native') return reply.body;
  return {
    object: 'list',
    data: reply.vectors.map((vector, index) => ({ object: 'embedding', index, embedding: encode(vector, asked) })),
    model: reply.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
};

const encode = (vector: readonly number[], { encoding }: EmbeddingsAsked): unknown => {
  if (encoding === 'float') return vector;
  const bytes = Buffer.alloc(vector.length * Float32Array.BYTES_PER_ELEMENT);
  vector.forEach((value, index) => {
    bytes.writeFloatLE(value, index * Float32Array.BYTES_PER_ELEMENT);
  });
  return bytes.toString('base64');
};

/** The model that a provider says it used. */
export const modelOf = (reply: ServedEmbeddings): string =>
  reply.type === 'native' && isObject(reply.body) && typeof reply.body.model === 'string'
    ? reply.body.model
    : reply.model;
