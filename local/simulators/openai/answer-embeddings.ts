import { tokensOf } from '../brain.ts';
import { embedding } from '../embedding.ts';
import { fieldsOf } from '../json.ts';
import { type Answer, type SimRequest, wholeJson } from '../simulator.ts';
import { readModel } from './openai-models.ts';
import { badField, openaiHeaders } from './reject-openai.ts';

const DIMENSIONS = new Map([
  ['text-embedding-3-large', 3_072],
  ['text-embedding-3-small', 1_536],
  ['text-embedding-ada-002', 1_536],
]);
const DEFAULT_DIMENSIONS = 256;

/** One text, several, or the same as token numbers. */
const textsOf = (request: SimRequest, input: unknown): string[] => {
  if (input === undefined || input === null) throw badField(request, "Missing required parameter: 'input'.", 'input');
  const list = Array.isArray(input) && typeof input[0] !== 'number' ? input : [input];
  const texts = list.map((each: unknown) => (typeof each === 'string' ? each : JSON.stringify(each)));
  if (texts.length === 0 || texts.includes(''))
    throw badField(request, "'$.input' is invalid. Please check the API reference.", 'input');
  if (texts.length > 2_048) throw badField(request, "'$.input' is too long: 2048 inputs at most.", 'input');
  return texts;
};

/** `POST /v1/embeddings`. Source: OpenAI API reference, "Create embeddings". */
export const answerEmbeddings = (request: SimRequest): Answer => {
  const body = fieldsOf(request.body);
  const { model, failure } = readModel(request, body.model, false);
  const texts = textsOf(request, body.input);
  const most = DIMENSIONS.get(model) ?? DEFAULT_DIMENSIONS;
  const dimensions = body.dimensions ?? most;
  if (typeof dimensions !== 'number' || dimensions < 1 || dimensions > 4_096) {
    throw badField(request, `Invalid value for 'dimensions' = ${String(dimensions)}.`, 'dimensions');
  }
  const format = body.encoding_format ?? 'float';
  if (format !== 'float' && format !== 'base64') throw badField(request, 'Invalid encoding_format.', 'encoding_format');
  const encode = (vector: number[]) =>
    format === 'base64' ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : vector;
  const tokens = texts.reduce((sum, text) => sum + tokensOf(text.length), 0);
  const data =
    failure?.type === 'empty'
      ? []
      : texts.map((text, index) => ({ object: 'embedding', index, embedding: encode(embedding(text, dimensions)) }));
  const whole = { object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } };
  return wholeJson(whole, { 'content-type': 'application/json', ...openaiHeaders(request) }, failure);
};
