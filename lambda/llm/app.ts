import { Hono } from 'hono';
import type { CompiledLlmRoute, CompiledPolicy } from '../../config/compiled.ts';
import { Refusal, type RefusalCode } from '../core/refusal.ts';
import { writeOpenAiRefusal } from '../core/write-refusal.ts';
import { listModels } from './list-models.ts';
import type { GatewayEnv, LlmPorts } from './ports.ts';
import { observed, type Serve, serveChat } from './serve.ts';
import { openAiChat } from './wire/openai-chat.ts';

export interface LlmApp {
  /** Never throws: whatever goes wrong is an answer. */
  fetch(request: Request, env: GatewayEnv): Promise<Response>;
}

/** The LLM proxy of a policy: every surface on every route. */
export const createLlmApp = (policy: CompiledPolicy, ports: LlmPorts): LlmApp => {
  const app = new Hono<{ Bindings: GatewayEnv }>();
  for (const route of policy.llm.routes) {
    for (const [path, method, serve] of endpoints(policy, route, ports)) {
      app.on(method, path, (context) => serve(context.req.raw, context.env));
      app.all(path, (context) => refuseAll(policy, 'method_not_allowed', ports)(context.req.raw, context.env));
    }
  }
  app.notFound((context) => refuseAll(policy, 'route_not_found', ports)(context.req.raw, context.env));
  return { fetch: async (request, env) => app.fetch(request, env) };
};

type Endpoint = readonly [path: string, method: 'GET' | 'POST', serve: Serve];

const endpoints = (policy: CompiledPolicy, route: CompiledLlmRoute, ports: LlmPorts): readonly Endpoint[] => [
  [`${route.basePath}/chat/completions`, 'POST', serveChat(policy, route, openAiChat, ports)],
  [`${route.basePath}/models`, 'GET', listModels(policy, route, ports)],
];

/** A path that nothing serves: recorded like every other call, and nobody has to say who they are to be told. */
const refuseAll = (policy: CompiledPolicy, code: RefusalCode, ports: LlmPorts): Serve =>
  observed(policy, NOWHERE, 'none', writeOpenAiRefusal, ports, async () => {
    throw new Refusal(code);
  });

const NOWHERE: CompiledLlmRoute = {
  path: '',
  basePath: '',
  auth: 'none',
  authorization: { allow: [], deny: [], require: [], default: 'deny' },
  rateLimits: [],
  limitsFailure: 'closed',
  fallbacks: [],
};
