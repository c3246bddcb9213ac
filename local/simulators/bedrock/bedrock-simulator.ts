import { type Answer, type SimRequest, type Simulator, wholeJson } from '../simulator.ts';
import { answerConverse } from './answer-converse.ts';
import { answerInvoke } from './answer-invoke.ts';
import { BEDROCK_MODELS } from './bedrock-models.ts';
import { bedrockHeaders, rejectBedrock } from './reject-bedrock.ts';

const WRONG = ['wrong-key', 'revoked-key'];

/** SigV4 or a Bedrock API key. A signature must be there and whole; without the secret it can't be recomputed. */
const checkKey = (request: SimRequest): void => {
  const authorization = request.headers.authorization ?? '';
  const bearer = /^bearer (.+)$/i.exec(authorization)?.[1];
  const signed =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/[^/]+\/bedrock\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=[0-9a-f]{64}$/.exec(
      authorization,
    );
  const key = bearer ?? signed?.[1];
  if (authorization === '') throw rejectBedrock('key-missing', request);
  if (key === undefined || WRONG.includes(key)) throw rejectBedrock('key-rejected', request);
  if (signed !== null && !(signed[2] ?? '').split(';').includes('host')) throw rejectBedrock('key-rejected', request);
};

const modelSummary = (modelId: string) => ({
  modelArn: `arn:aws:bedrock:us-east-1::foundation-model/${modelId}`,
  modelId,
  modelName: modelId,
  providerName: modelId.split('.')[0],
  inputModalities: ['TEXT'],
  outputModalities: [modelId.includes('embed') ? 'EMBEDDING' : 'TEXT'],
  responseStreamingSupported: !modelId.includes('embed'),
  inferenceTypesSupported: ['ON_DEMAND', 'INFERENCE_PROFILE'],
  modelLifecycle: { status: 'ACTIVE' },
});

const OPERATIONS = new Map<string, (request: SimRequest, id: string) => Answer>([
  ['converse', (request, id) => answerConverse(request, id, false)],
  ['converse-stream', (request, id) => answerConverse(request, id, true)],
  ['invoke', answerInvoke],
]);

/** Source: Amazon Bedrock API reference, runtime 2023-09-30. */
export const bedrockSimulator: Simulator = {
  answer(request) {
    checkKey(request);
    if (request.method === 'GET' && request.path === '/foundation-models') {
      const headers = { 'content-type': 'application/json', ...bedrockHeaders(request) };
      return wholeJson({ modelSummaries: BEDROCK_MODELS.map(modelSummary) }, headers);
    }
    // An ARN has slashes of its own, escaped by some clients and not by others.
    const found = /^\/model\/(.+)\/([\w-]+)$/.exec(request.path);
    const operation = OPERATIONS.get(found?.[2] ?? '');
    if (request.method !== 'POST' || operation === undefined) throw rejectBedrock('path-unknown', request);
    return operation(request, decodeURIComponent(found?.[1] ?? ''));
  },
  reject: rejectBedrock,
};
