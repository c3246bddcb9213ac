import type { LlmCall } from '../core/llm.ts';
import type { RefusalCode } from '../core/refusal.ts';
import { withoutForeignThoughts } from './anthropic-native.ts';
import { type ReadBack, readAnthropicMessage, readAnthropicParts } from './anthropic-reply.ts';
import { JSON_TOOL, MAX_TOOL_NAME, writeAnthropicRequest } from './anthropic-request.ts';
import { originalNames } from './names.ts';
import type { Json, Provider } from './provider.ts';
import { serverSentEvents } from './server-sent-events.ts';
import { isObject, upstreamRefusal } from './upstream-words.ts';

const VERSION = '2023-06-01';

/** Anthropic messages. Source: https://docs.anthropic.com/en/api/messages. */
export const anthropic: Provider = {
  kind: 'anthropic',
  dialects: ['anthropic-messages'],
  decode: serverSentEvents('anthropic-messages'),
  toRequest: (call, model) => {
    const native = call.dialect === 'anthropic-messages';
    const { body, dropped } = native ? withoutForeignThoughts(call.body) : writeAnthropicRequest(call, model);
    return {
      method: 'POST',
      path: '/v1/messages',
      headers: { 'anthropic-version': VERSION, ...(native ? call.dialectHeaders : {}) },
      body: { ...body, model, ...(call.stream ? { stream: true } : {}) },
      dropped,
    };
  },
  toMessage: (body, call) => readAnthropicMessage(body, readBack(call)),
  toParts: (frames, call) => readAnthropicParts(frames, readBack(call)),
  toRefusal: (status, body, headers) => {
    const error: Json = isObject(body) && isObject(body.error) ? body.error : {};
    return upstreamRefusal({ status, headers, message: error.message, reason: error.type, code: codeOf(error) });
  },
  authorize: (secret) => ({ 'x-api-key': secret }),
  listModels: () => ({
    method: 'GET',
    path: '/v1/models?limit=1000',
    headers: { 'anthropic-version': VERSION },
    dropped: [],
  }),
  toModels: (body) =>
    (Array.isArray(body.data) ? body.data : []).filter(isObject).map((model) => ({
      id: String(model.id),
      created: seconds(model.created_at),
      ownedBy: 'anthropic',
      ...(typeof model.display_name === 'string' ? { displayName: model.display_name } : {}),
    })),
};

/** Without a JSON schema in the request no block can be ours; with one, ours is the only tool of that name. */
const readBack = (call: LlmCall): ReadBack => ({
  names: originalNames(
    call.prompt.tools.map(({ name }) => name),
    MAX_TOOL_NAME,
  ),
  jsonTool:
    call.prompt.responseFormat?.type === 'json-schema' && call.prompt.tools.length === 0 ? JSON_TOOL : undefined,
});

/** R140: a spending limit comes as a 400, and is not the caller's fault. */
const codeOf = (error: Json): RefusalCode | undefined => {
  if (error.type === 'billing_error') return 'upstream_quota';
  return typeof error.message === 'string' && /usage limits|credit balance/i.test(error.message)
    ? 'upstream_quota'
    : undefined;
};

const seconds = (iso: unknown): number => {
  const ms = typeof iso === 'string' ? Date.parse(iso) : Number.NaN;
  return Number.isFinite(ms) ? Math.floor(ms / 1000) : 0;
};
