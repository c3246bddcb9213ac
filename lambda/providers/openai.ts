import type { LlmCall } from '../core/llm.ts';
import { originalNames } from './names.ts';
import { readOpenAiEmbeddings } from './openai-embeddings.ts';
import { openAiRefusal } from './openai-error.ts';
import { type Names, readOpenAiMessage, readOpenAiParts } from './openai-reply.ts';
import { MAX_TOOL_NAME, writeOpenAiRequest } from './openai-request.ts';
import { readOpenAiResponse, readOpenAiResponseParts } from './openai-responses-reply.ts';
import { withoutCarried } from './openai-responses-request.ts';
import type { Json, Provider, UpstreamRequest } from './provider.ts';
import { serverSentEvents } from './server-sent-events.ts';
import { isObject } from './upstream-words.ts';

/**
 * Members that some gateways read to find the upstream or its key. Ours never does, and they go no further: a caller does
 * not say where a call goes (CVE-2024-6587 is that mistake).
 */
const NEVER_FORWARDED = new Set([
  'apikey',
  'apibase',
  'baseurl',
  'apiversion',
  'customllmprovider',
  'extraheaders',
  'extrabody',
  'headers',
]);

/** However it is spelt: `apiKey`, `API_KEY`, `api-key`. */
const isNeverForwarded = (name: string): boolean =>
  name.length < 32 && NEVER_FORWARDED.has(name.toLowerCase().replace(/[_-]/g, ''));

/** R52, R56: these models reason, and know only the newer name for the output limit. */
const REASONS = /^(o\d|gpt-[5-9])/;

const openAiKind = (kind: 'openai' | 'openai-compatible'): Provider => ({
  kind,
  dialects: kind === 'openai' ? ['openai-chat', 'openai-responses'] : ['openai-chat'],
  decode: (bytes, call) => serverSentEvents(speaksResponses(kind, call) ? 'openai-responses' : 'openai-chat')(bytes),
  toRequest: (call, model) => {
    if (speaksResponses(kind, call)) return passResponses(call, model);
    const reasons = kind === 'openai' && REASONS.test(model);
    const { body, dropped } =
      call.dialect === 'openai-chat'
        ? passThrough(call.body)
        : writeOpenAiRequest(call, { vendor: kind === 'openai' ? 'openai' : 'other', reasons });
    return {
      method: 'POST',
      path: '/chat/completions',
      headers: call.dialect === 'openai-chat' ? call.dialectHeaders : {},
      body: {
        ...withLimit(body, reasons ? 'max_completion_tokens' : kind === 'openai' ? undefined : 'max_tokens'),
        model,
        ...(call.stream ? { stream: true, stream_options: { ...streamOptions(body), include_usage: true } } : {}),
      },
      dropped,
    };
  },
  toMessage: (body, call) =>
    speaksResponses(kind, call) ? readOpenAiResponse(body) : readOpenAiMessage(body, namesOf(call)),
  toParts: (frames, call) =>
    speaksResponses(kind, call) ? readOpenAiResponseParts(frames) : readOpenAiParts(frames, namesOf(call)),
  toRefusal: openAiRefusal,
  authorize: (secret) => ({ authorization: `Bearer ${secret}` }),
  listModels: () => ({ method: 'GET', path: '/models', headers: {}, dropped: [] }),
  toModels: (body) =>
    (Array.isArray(body.data) ? body.data : []).filter(isObject).map((model) => ({
      id: String(model.id),
      created: typeof model.created === 'number' ? model.created : 0,
      ownedBy: typeof model.owned_by === 'string' ? model.owned_by : kind,
    })),
  embeddings: {
    toRequest: (call, model) => {
      const { body, dropped } = passThrough(call.body);
      return [{ method: 'POST', path: '/embeddings', headers: {}, body: { ...body, model }, dropped }];
    },
    toReply: readOpenAiEmbeddings,
  },
});

/** Only OpenAI itself has the Responses API; for everybody else the call is translated to chat. */
const speaksResponses = (kind: 'openai' | 'openai-compatible', { dialect }: LlmCall): boolean =>
  kind === 'openai' && dialect === 'openai-responses';

export const openAi = openAiKind('openai');
export const openAiCompatible = openAiKind('openai-compatible');

/** R21: what was renamed on its way out is itself again on its way back. */
const namesOf = (call: LlmCall): Names =>
  call.dialect === 'openai-chat'
    ? new Map()
    : originalNames(
        call.prompt.tools.map(({ name }) => name),
        MAX_TOOL_NAME,
      );

const passResponses = (call: LlmCall, model: string): UpstreamRequest => {
  const { body, dropped } = passThrough(call.body);
  const own = withoutCarried(body);
  return {
    method: 'POST',
    path: '/responses',
    headers: call.dialectHeaders,
    body: { ...own.body, model },
    dropped: [...dropped, ...own.dropped],
  };
};

const passThrough = (body: Json): { body: Json; dropped: string[] } => {
  const dropped = Object.keys(body).filter(isNeverForwarded);
  const emptyTools = Array.isArray(body.tools) && body.tools.length === 0; // R24: an empty list is an error there.
  if (dropped.length === 0 && !emptyTools) return { body, dropped };
  const gone = new Set([...dropped, ...(emptyTools ? ['tools', 'tool_choice', 'parallel_tool_calls'] : [])]);
  return { body: Object.fromEntries(Object.entries(body).filter(([name]) => !gone.has(name))), dropped };
};

const streamOptions = (body: Json): Json => (isObject(body.stream_options) ? body.stream_options : {});

/** The output limit under the one name that the model knows; untouched where it knows both. */
const withLimit = (body: Json, name: 'max_tokens' | 'max_completion_tokens' | undefined): Json => {
  const { max_tokens: older, max_completion_tokens: newer, ...rest } = body;
  const limit = newer ?? older;
  return name === undefined || limit === undefined ? body : { ...rest, [name]: limit };
};
