import type { EmbeddingsCall, EmbeddingsReply } from '../core/embeddings.ts';
import { Refusal } from '../core/refusal.ts';
import type { Json } from './provider.ts';
import { isObject } from './upstream-words.ts';

/** An answer of OpenAI's, kept as it is. Source: https://platform.openai.com/docs/api-reference/embeddings. */
export const readOpenAiEmbeddings = ([body]: readonly Json[], call: EmbeddingsCall): EmbeddingsReply => {
  if (body === undefined || !Array.isArray(body.data)) throw new Refusal('upstream_failed', { reason: 'no data' });
  if (body.data.length !== call.inputs.length) throw new Refusal('upstream_failed', { reason: 'vectors are missing' });
  const tokens = isObject(body.usage) ? (body.usage.prompt_tokens ?? body.usage.total_tokens) : undefined;
  return { type: 'native', body, ...(typeof tokens === 'number' ? { tokens } : {}) };
};
