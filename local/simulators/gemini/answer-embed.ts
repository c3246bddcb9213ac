import { embedding } from '../embedding.ts';
import { type Fields, fieldsOf, listOf, stringOf } from '../json.ts';
import { type Answer, type SimRequest, wholeJson } from '../simulator.ts';
import { readModel } from './gemini-models.ts';
import { badArgument, geminiHeaders, unknownName } from './reject-gemini.ts';

const KNOWN = ['model', 'content', 'taskType', 'title', 'outputDimensionality'];
const DIMENSIONS = new Map([
  ['gemini-embedding-001', 3_072],
  ['text-embedding-004', 768],
]);

const valuesOf = (model: string, body: Fields, at: string): number[] => {
  const unknown = Object.keys(body).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw unknownName(unknown, at);
  const text = listOf(fieldsOf(body.content).parts)
    .map((part) => stringOf(fieldsOf(part).text))
    .join('');
  if (text === '') throw badArgument('* EmbedContentRequest.content: contents is not specified\n');
  const most = DIMENSIONS.get(model) ?? 256;
  const dimensions = body.outputDimensionality ?? most;
  if (typeof dimensions !== 'number' || dimensions < 1 || dimensions > most) {
    throw badArgument(`* EmbedContentRequest.output_dimensionality: must be between 1 and ${most}`);
  }
  return embedding(text, dimensions);
};

/** `POST …:embedContent`. Source: Gemini API reference, "Embeddings". */
export const answerEmbed = (request: SimRequest, model: string): Answer => {
  const failure = readModel(model, false);
  return wholeJson({ embedding: { values: valuesOf(model, fieldsOf(request.body), '') } }, geminiHeaders, failure);
};

/** `POST …:batchEmbedContents`: each request names the model of the path again. */
export const answerBatchEmbed = (request: SimRequest, model: string): Answer => {
  const failure = readModel(model, false);
  const requests = listOf(fieldsOf(request.body).requests).map(fieldsOf);
  if (requests.length === 0) throw badArgument('* BatchEmbedContentsRequest.requests: requests is not specified');
  const embeddings = requests.map((each, index) => {
    if (each.model !== `models/${model}`) {
      throw badArgument(
        `* BatchEmbedContentsRequest.requests[${index}].model: must be the same as BatchEmbedContentsRequest.model`,
      );
    }
    return { values: valuesOf(model, each, `requests[${index}]`) };
  });
  return wholeJson({ embeddings }, geminiHeaders, failure);
};
