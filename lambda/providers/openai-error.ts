import type { Refusal, RefusalCode } from '../core/refusal.ts';
import type { Json } from './provider.ts';
import { isObject, upstreamRefusal } from './upstream-words.ts';

/** More exact than the status. Source: https://platform.openai.com/docs/guides/error-codes. */
const CODES = new Map<unknown, RefusalCode>([
  ['context_length_exceeded', 'context_length_exceeded'],
  ['model_not_found', 'upstream_model_not_found'],
  ['insufficient_quota', 'upstream_quota'],
  ['billing_hard_limit_reached', 'upstream_quota'],
  ['invalid_api_key', 'upstream_auth'],
  ['rate_limit_exceeded', 'upstream_limited'],
  ['server_overloaded', 'upstream_busy'],
]);

/**
 * The error in a body or a frame: OpenAI's object, xAI's and Ollama's plain string, vLLM's members at the top, FastAPI's
 * `detail`. A chunk of an answer holds none of them.
 */
export const errorIn = (json: Json): Json | undefined => {
  if (isObject(json.error)) return json.error;
  if (typeof json.error === 'string') return { message: json.error, code: json.code, type: json.type };
  if (json.object === 'error') return json;
  return typeof json.detail === 'string' ? { message: json.detail } : undefined;
};

export const openAiRefusal = (status: number, body: unknown, headers: Readonly<Record<string, string>>): Refusal => {
  const json = isObject(body) ? body : {};
  const error = errorIn(json) ?? json;
  return upstreamRefusal({
    status,
    headers,
    message: error.message,
    reason: error.code ?? error.type,
    code: CODES.get(error.code) ?? CODES.get(error.type),
  });
};

/** An error in a stream has no status of its own, at best a number for a code. */
export const openAiStreamRefusal = (frame: Json): Refusal => {
  const code = errorIn(frame)?.code;
  return openAiRefusal(typeof code === 'number' && code >= 400 ? code : 500, frame, {});
};
