import { isKnownModel } from '../known-models.ts';
import { type Answer, type SimRequest, type Simulator, wholeJson } from '../simulator.ts';
import { answerChat } from './answer-chat.ts';
import { answerEmbeddings } from './answer-embeddings.ts';
import { answerResponses } from './answer-responses.ts';
import { knownModels } from './openai-models.ts';
import { openaiHeaders, rejectOpenai, unknownModel } from './reject-openai.ts';

const checkKey = (request: SimRequest): void => {
  const [scheme, key] = (request.headers.authorization ?? '').split(' ');
  if (scheme?.toLowerCase() !== 'bearer' || key === undefined || key === '') throw rejectOpenai('key-missing', request);
  if (key === 'wrong-key' || key === 'revoked-key') throw rejectOpenai('key-rejected', request);
};

const modelObject = (id: string, provider: string) => ({
  id,
  object: 'model',
  created: 1_760_000_000,
  owned_by: provider,
});

const answerModels = (request: SimRequest): Answer => {
  const headers = { 'content-type': 'application/json', ...openaiHeaders(request) };
  const models = knownModels(request.provider) ?? ['sim-model'];
  const asked = decodeURIComponent(request.path.slice('/v1/models'.length).replace(/^\//, ''));
  if (asked === '') {
    return wholeJson({ object: 'list', data: models.map((id) => modelObject(id, request.provider)) }, headers);
  }
  if (!isKnownModel(models, asked)) throw unknownModel(request, asked);
  return wholeJson(modelObject(asked, request.provider), headers);
};

const ROUTES = new Map<string, (request: SimRequest) => Answer>([
  ['POST /v1/chat/completions', answerChat],
  ['POST /v1/responses', answerResponses],
  ['POST /v1/embeddings', answerEmbeddings],
  ['GET /v1/models', answerModels],
]);

/** OpenAI, xAI and whatever else speaks OpenAI's dialect. Source: OpenAI API reference. */
export const openaiSimulator: Simulator = {
  answer(request) {
    checkKey(request);
    const path = request.path.startsWith('/v1/models/') ? '/v1/models' : request.path;
    const route = ROUTES.get(`${request.method} ${path}`);
    if (route === undefined) throw rejectOpenai('path-unknown', request);
    return route(request);
  },
  reject: rejectOpenai,
};
