import { tokensOf } from '../brain.ts';
import { embedding } from '../embedding.ts';
import { type Fields, fieldsOf, listOf, stringOf } from '../json.ts';
import { type Answer, type SimRequest, wholeJson } from '../simulator.ts';
import { readModel } from './bedrock-models.ts';
import { bedrockHeaders, invalid } from './reject-bedrock.ts';

const malformed = (request: SimRequest, what: string) =>
  invalid(request, `Malformed input request: ${what}, please reformat your input and try again.`);

const noStrangers = (request: SimRequest, body: Fields, known: readonly string[]): void => {
  const stranger = Object.keys(body).find((name) => !known.includes(name));
  if (stranger !== undefined) throw malformed(request, `#: extraneous key [${stranger}] is not permitted`);
};

interface Embedded {
  readonly body: object;
  readonly tokens: number;
}

/** Source: Bedrock user guide, "Amazon Titan Embeddings". Version 1 takes the text alone. */
const titan = (request: SimRequest, model: string, body: Fields): Embedded => {
  const second = !model.endsWith('-v1');
  noStrangers(request, body, second ? ['inputText', 'dimensions', 'normalize', 'embeddingTypes'] : ['inputText']);
  const text = stringOf(body.inputText);
  if (text === '') throw malformed(request, '#: required key [inputText] not found');
  const dimensions = second ? (body.dimensions ?? 1_024) : 1_536;
  if (second && ![256, 512, 1_024].includes(Number(dimensions)))
    throw malformed(request, '#/dimensions: must be one of 256, 512, 1024');
  const vector = embedding(text, Number(dimensions));
  const tokens = tokensOf(text.length);
  const byType = second ? { embeddingsByType: { float: vector } } : {};
  return { body: { embedding: vector, inputTextTokenCount: tokens, ...byType }, tokens };
};

const COHERE = [
  'texts',
  'images',
  'inputs',
  'input_type',
  'truncate',
  'embedding_types',
  'output_dimension',
  'max_tokens',
];
const INPUT_TYPES = ['search_document', 'search_query', 'classification', 'clustering', 'image'];

/** Source: Bedrock user guide, "Cohere Embed". */
const cohere = (request: SimRequest, model: string, body: Fields): Embedded => {
  noStrangers(request, body, COHERE);
  const texts = listOf(body.texts).map(stringOf);
  if (texts.length === 0 || texts.length > 96) throw malformed(request, '#/texts: expected between 1 and 96 items');
  if (!INPUT_TYPES.includes(stringOf(body.input_type)))
    throw malformed(request, '#: required key [input_type] not found');
  const fourth = model.includes('v4');
  const dimensions = fourth ? Number(body.output_dimension ?? 1_536) : 1_024;
  const vectors = texts.map((text) => embedding(text, dimensions));
  const typed = Array.isArray(body.embedding_types);
  return {
    body: {
      id: `00000000-0000-4000-8000-${String(request.serial).padStart(12, '0')}`,
      texts,
      embeddings: typed ? { float: vectors } : vectors,
      response_type: typed ? 'embeddings_by_type' : 'embeddings_floats',
    },
    tokens: texts.reduce((sum, text) => sum + tokensOf(text.length), 0),
  };
};

/** `POST /model/{id}/invoke`, for embeddings only. Cohere reports its tokens in a header alone. */
export const answerInvoke = (request: SimRequest, id: string): Answer => {
  const { model, failure } = readModel(request, id, false);
  const body = fieldsOf(request.body);
  const isCohere = model.startsWith('cohere.embed') || 'texts' in body;
  if (!isCohere && !model.startsWith('amazon.titan-embed') && !model.startsWith('sim-')) {
    throw malformed(request, 'this simulator invokes embedding models only');
  }
  const { body: answer, tokens } = isCohere ? cohere(request, model, body) : titan(request, model, body);
  const headers = {
    'content-type': 'application/json',
    'x-amzn-bedrock-input-token-count': String(tokens),
    'x-amzn-bedrock-invocation-latency': '12',
    ...bedrockHeaders(request),
  };
  return wholeJson(answer, headers, failure);
};
