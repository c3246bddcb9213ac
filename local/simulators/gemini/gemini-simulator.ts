import type { Answer, SimRequest, Simulator } from '../simulator.ts';
import { wholeJson } from '../simulator.ts';
import { answerBatchEmbed, answerEmbed } from './answer-embed.ts';
import { answerCountTokens, answerGenerate, answerStream } from './answer-generate.ts';
import { GEMINI_MODELS, readModel } from './gemini-models.ts';
import { geminiHeaders, rejectGemini } from './reject-gemini.ts';

const checkKey = (request: SimRequest): void => {
  const bearer = /^bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const key = request.headers['x-goog-api-key'] ?? request.query.get('key') ?? bearer;
  if (key === undefined || key === '') throw rejectGemini('key-missing');
  if (key === 'wrong-key' || key === 'revoked-key') throw rejectGemini('key-rejected');
};

const modelInfo = (id: string) => ({
  name: `models/${id}`,
  version: '001',
  displayName: id,
  inputTokenLimit: 1_048_576,
  outputTokenLimit: 65_536,
  supportedGenerationMethods: id.includes('embedding') ? ['embedContent'] : ['generateContent', 'countTokens'],
});

const METHODS = new Map<string, (request: SimRequest, model: string) => Answer>([
  ['generateContent', answerGenerate],
  ['streamGenerateContent', answerStream],
  ['countTokens', answerCountTokens],
  ['embedContent', answerEmbed],
  ['batchEmbedContents', answerBatchEmbed],
]);

/** Source: Gemini API reference, v1beta. */
export const geminiSimulator: Simulator = {
  answer(request) {
    checkKey(request);
    if (request.method === 'GET' && request.path === '/v1beta/models') {
      return wholeJson({ models: GEMINI_MODELS.map(modelInfo) }, geminiHeaders);
    }
    const found = /^\/v1beta\/models\/([^/:]+)(?::(\w+))?$/.exec(request.path);
    if (found === null) throw rejectGemini('path-unknown');
    const model = decodeURIComponent(found[1] ?? '');
    if (request.method === 'GET' && found[2] === undefined) {
      readModel(model, false);
      return wholeJson(modelInfo(model), geminiHeaders);
    }
    const method = METHODS.get(found[2] ?? '');
    if (request.method !== 'POST' || method === undefined) throw rejectGemini('path-unknown');
    return method(request, model);
  },
  reject: rejectGemini,
};
