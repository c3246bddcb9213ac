import type { LlmCall } from '../core/llm.ts';
import { geminiEmbeddingBatches } from './gemini-embeddings.ts';
import { modelPath, withoutPrefix } from './gemini-path.ts';
import { geminiRefusal } from './gemini-refusal.ts';
import { type GeminiReadBack, readGeminiMessage, readGeminiParts } from './gemini-reply.ts';
import { writeGeminiRequest } from './gemini-request.ts';
import { geminiNames } from './gemini-tools.ts';
import type { Provider } from './provider.ts';
import { serverSentEvents } from './server-sent-events.ts';
import { isObject } from './upstream-words.ts';

/** Gemini, at Google AI's own endpoint. Source: https://ai.google.dev/api, v1beta. */
export const gemini: Provider = {
  kind: 'gemini',
  dialects: [],
  decode: serverSentEvents('gemini'),
  toRequest: (call, model) => ({
    method: 'POST',
    // R66: in the path, not in the body.
    path: `${modelPath(model)}:${call.stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    headers: {},
    ...writeGeminiRequest(call, model),
  }),
  toMessage: (body, call) => readGeminiMessage(body, readBack(call)),
  toParts: (frames, call) => readGeminiParts(frames, readBack(call)),
  toRefusal: geminiRefusal,
  authorize: (secret) => ({ 'x-goog-api-key': secret }), // R146: never as `?key=`, which ends in logs.
  listModels: () => ({ method: 'GET', path: '/v1beta/models?pageSize=1000', headers: {}, dropped: [] }),
  toModels: (body) =>
    (Array.isArray(body.models) ? body.models : [])
      .filter(isObject)
      .filter(({ supportedGenerationMethods }) => isServed(supportedGenerationMethods))
      .map(({ name, displayName }) => ({
        id: withoutPrefix(String(name)),
        created: 0,
        ownedBy: 'google',
        ...(typeof displayName === 'string' ? { displayName } : {}),
      })),
  embeddings: geminiEmbeddingBatches,
};

const SERVED: ReadonlySet<unknown> = new Set(['generateContent', 'embedContent']);

const isServed = (methods: unknown): boolean => Array.isArray(methods) && methods.some((method) => SERVED.has(method));

const readBack = (call: LlmCall): GeminiReadBack => ({ callId: call.id, names: geminiNames(call.prompt.tools) });
