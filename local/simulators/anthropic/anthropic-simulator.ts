import { isKnownModel } from '../known-models.ts';
import { type Answer, type SimRequest, type Simulator, wholeJson } from '../simulator.ts';
import { answerCountTokens, answerMessages } from './answer-messages.ts';
import { ANTHROPIC_MODELS } from './anthropic-models.ts';
import { anthropicHeaders, badRequest, rejectAnthropic, unknownModel } from './reject-anthropic.ts';

const checkKey = (request: SimRequest): void => {
  const bearer = /^bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const key = request.headers['x-api-key'] ?? bearer;
  if (key === undefined || key === '') throw rejectAnthropic('key-missing', request);
  if (key === 'wrong-key' || key === 'revoked-key') throw rejectAnthropic('key-rejected', request);
  if (request.headers['anthropic-version'] === undefined) {
    throw badRequest(request, 'anthropic-version: header is required');
  }
};

const modelInfo = (id: string) => ({
  type: 'model',
  id,
  display_name: id.replaceAll('-', ' ').replace(/^./, (first) => first.toUpperCase()),
  created_at: '2025-09-29T00:00:00Z',
});

const answerModels = (request: SimRequest): Answer => {
  const headers = { 'content-type': 'application/json', ...anthropicHeaders(request) };
  const asked = decodeURIComponent(request.path.slice('/v1/models'.length).replace(/^\//, ''));
  if (asked !== '') {
    if (!isKnownModel(ANTHROPIC_MODELS, asked)) throw unknownModel(request, asked);
    return wholeJson(modelInfo(asked), headers);
  }
  const data = ANTHROPIC_MODELS.map(modelInfo);
  return wholeJson({ data, has_more: false, first_id: data[0]?.id, last_id: data.at(-1)?.id }, headers);
};

const ROUTES = new Map<string, (request: SimRequest) => Answer>([
  ['POST /v1/messages', answerMessages],
  ['POST /v1/messages/count_tokens', answerCountTokens],
  ['GET /v1/models', answerModels],
]);

/** Source: Claude API reference, version 2023-06-01. */
export const anthropicSimulator: Simulator = {
  answer(request) {
    checkKey(request);
    const path = request.path.startsWith('/v1/models/') ? '/v1/models' : request.path;
    const route = ROUTES.get(`${request.method} ${path}`);
    if (route === undefined) throw rejectAnthropic('path-unknown', request);
    return route(request);
  },
  reject: rejectAnthropic,
};
