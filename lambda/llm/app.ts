import { Hono } from 'hono';
import type { CompiledLlmRoute, CompiledPolicy } from '../../config/compiled.ts';
import { LLM_ENDPOINTS, type LlmEndpoint } from '../../config/llm-endpoints.ts';
import { Refusal, type RefusalCode } from '../core/refusal.ts';
import type { GatewayEnv } from '../http/gateway-env.ts';
import { observed, type Serve } from '../http/observed.ts';
import { countTokens } from './count-tokens.ts';
import { inCallersStyle } from './in-callers-style.ts';
import { listModels } from './list-models.ts';
import type { LlmPorts } from './ports.ts';
import { serveChat } from './serve.ts';
import { serveEmbeddings } from './serve-embeddings.ts';
import { anthropicMessages } from './wire/anthropic-messages.ts';
import { openAiChat } from './wire/openai-chat.ts';
import { openAiResponses } from './wire/openai-responses.ts';

export interface LlmApp {
  /** Never throws: whatever goes wrong is an answer. */
  fetch(request: Request, env: GatewayEnv): Promise<Response>;
}

/** The LLM proxy of a policy: every surface on every route. */
export const createLlmApp = (policy: CompiledPolicy, ports: LlmPorts): LlmApp => {
  const app = new Hono<{ Bindings: GatewayEnv }>();
  for (const route of policy.llm.routes) {
    const serve = endpoints(policy, route, ports);
    for (const { method, path } of LLM_ENDPOINTS) {
      app.on(method, `${route.basePath}/${path}`, (context) => serve[path](context.req.raw, context.env));
      app.all(`${route.basePath}/${path}`, (context) =>
        refuseAll(policy, 'method_not_allowed', ports)(context.req.raw, context.env),
      );
    }
  }
  app.notFound((context) => refuseAll(policy, 'route_not_found', ports)(context.req.raw, context.env));
  return { fetch: async (request, env) => app.fetch(request, env) };
};

/** A row for each endpoint of `config/llm-endpoints.ts`: one that is missing here does not compile. */
const endpoints = (
  policy: CompiledPolicy,
  route: CompiledLlmRoute,
  ports: LlmPorts,
): Readonly<Record<LlmEndpoint['path'], Serve>> => ({
  'chat/completions': serveChat(policy, route, openAiChat, ports),
  messages: withRequestId(serveChat(policy, route, anthropicMessages, ports)),
  'messages/count_tokens': withRequestId(countTokens(policy, route, ports)),
  responses: serveChat(policy, route, openAiResponses, ports),
  embeddings: serveEmbeddings(policy, route, ports),
  models: listModels(policy, route, ports),
});

/** A path that nothing serves: recorded like every other call, and nobody has to say who they are to be told. */
const refuseAll = (policy: CompiledPolicy, code: RefusalCode, ports: LlmPorts): Serve =>
  inCallersStyle((_style, writeRefusal) =>
    observed(policy, NOWHERE, { name: 'none', writeRefusal }, ports, async () => {
      throw new Refusal(code);
    }),
  );

/** R150: the id of a call under the name that Anthropic's clients look for. */
const withRequestId =
  (serve: Serve): Serve =>
  async (request, env) => {
    const response = await serve(request, env);
    response.headers.set('request-id', response.headers.get('x-request-id') ?? '');
    return response;
  };

const NOWHERE = { path: '', auth: 'none' } as const;
