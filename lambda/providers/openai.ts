import type { RefusalCode } from '../core/refusal.ts';
import { readOpenAiMessage, readOpenAiParts } from './openai-reply.ts';
import { writeOpenAiRequest } from './openai-request.ts';
import type { Json, Provider } from './provider.ts';
import { serverSentEvents } from './server-sent-events.ts';
import { isObject, upstreamRefusal } from './upstream-words.ts';

/** More exact than the status. Source: https://platform.openai.com/docs/guides/error-codes. */
const CODES = new Map<unknown, RefusalCode>([
  ['context_length_exceeded', 'context_length_exceeded'],
  ['model_not_found', 'upstream_model_not_found'],
  ['insufficient_quota', 'upstream_quota'],
  ['billing_hard_limit_reached', 'upstream_quota'],
]);

/**
 * Members that some gateways read to find the upstream or its key. Ours never does, and they go no further: a caller does
 * not say where a call goes (CVE-2024-6587 is that mistake).
 */
const NEVER_FORWARDED = ['api_key', 'api_base', 'base_url', 'api_version', 'custom_llm_provider', 'extra_headers'];

/** R52: these models know only the newer name for the output limit. */
const NEWER_LIMIT = /^(o\d|gpt-[5-9])/;

const openAiKind = (kind: 'openai' | 'openai-compatible'): Provider => ({
  kind,
  dialects: ['openai-chat'],
  decode: serverSentEvents('openai-chat'),
  toRequest: (call, model) => {
    const { body, dropped } = call.dialect === 'openai-chat' ? passThrough(call.body) : writeOpenAiRequest(call);
    return {
      method: 'POST',
      path: '/chat/completions',
      headers: call.dialect === 'openai-chat' ? call.dialectHeaders : {},
      body: {
        ...withLimit(
          body,
          kind === 'openai' && NEWER_LIMIT.test(model)
            ? 'max_completion_tokens'
            : kind === 'openai'
              ? undefined
              : 'max_tokens',
        ),
        model,
        ...(call.stream ? { stream: true, stream_options: { ...streamOptions(body), include_usage: true } } : {}),
      },
      dropped,
    };
  },
  toMessage: readOpenAiMessage,
  toParts: readOpenAiParts,
  toRefusal: (status, body, headers) => {
    const error: Json = isObject(body) && isObject(body.error) ? body.error : {};
    return upstreamRefusal({
      status,
      headers,
      message: error.message,
      reason: error.code ?? error.type,
      code: CODES.get(error.code),
    });
  },
  authorize: (secret) => ({ authorization: `Bearer ${secret}` }),
  listModels: () => ({ method: 'GET', path: '/models', headers: {}, dropped: [] }),
  toModels: (body) =>
    (Array.isArray(body.data) ? body.data : []).filter(isObject).map((model) => ({
      id: String(model.id),
      created: typeof model.created === 'number' ? model.created : 0,
      ownedBy: typeof model.owned_by === 'string' ? model.owned_by : kind,
    })),
});

export const openAi = openAiKind('openai');
export const openAiCompatible = openAiKind('openai-compatible');

const passThrough = (body: Json): { body: Json; dropped: string[] } => {
  const dropped = NEVER_FORWARDED.filter((name) => name in body);
  const emptyTools = Array.isArray(body.tools) && body.tools.length === 0; // R24: an empty list is an error there.
  if (dropped.length === 0 && !emptyTools) return { body, dropped };
  const gone = new Set([...dropped, ...(emptyTools ? ['tools', 'tool_choice'] : [])]);
  return { body: Object.fromEntries(Object.entries(body).filter(([name]) => !gone.has(name))), dropped };
};

const streamOptions = (body: Json): Json => (isObject(body.stream_options) ? body.stream_options : {});

/** The output limit under the one name that the model knows; untouched where it knows both. */
const withLimit = (body: Json, name: 'max_tokens' | 'max_completion_tokens' | undefined): Json => {
  const { max_tokens: older, max_completion_tokens: newer, ...rest } = body;
  const limit = newer ?? older;
  return name === undefined || limit === undefined ? body : { ...rest, [name]: limit };
};
