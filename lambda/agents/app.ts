import { Hono } from 'hono';
import type { CompiledPolicy } from '../../config/compiled.ts';
import { Refusal, type RefusalCode } from '../core/refusal.ts';
import type { GatewayEnv } from '../http/gateway-env.ts';
import { observed, type Serve } from '../http/observed.ts';
import { serveCard } from './a2a/serve-card.ts';
import { serveMessages } from './a2a/serve-messages.ts';
import { createInvokeRuntime } from './invoke-runtime.ts';
import type { AgentPorts } from './ports.ts';
import { serveInvocations } from './serve.ts';
import { agentSurface } from './surface.ts';

export interface AgentsApp {
  /** Never throws: whatever goes wrong is an answer. */
  fetch(request: Request, env: GatewayEnv): Promise<Response>;
}

export type AgentsPolicy = Pick<CompiledPolicy, 'name' | 'version' | 'agents'>;

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly serve: Serve;
}

/** The agents of a policy, each called as whoever calls. */
export const createAgentsApp = (policy: AgentsPolicy, ports: AgentPorts): AgentsApp => {
  const app = new Hono<{ Bindings: GatewayEnv }>();
  const refuse = (code: RefusalCode, allow?: string): Serve => refuseAll(policy, code, ports, allow);
  for (const { method, path, serve } of routesOf(policy, ports)) {
    const otherwise = refuse('method_not_allowed', method);
    app.on(method, path, (context) => serve(context.req.raw, context.env));
    app.all(path, (context) => otherwise(context.req.raw, context.env));
  }
  const [noAgent, noRoute] = [refuse('agent_not_found'), refuse('route_not_found')];
  for (const path of ['/agents/*', '/a2a/*', '/invoke'])
    app.all(path, (context) => noAgent(context.req.raw, context.env));
  app.notFound((context) => noRoute(context.req.raw, context.env));
  return { fetch: async (request, env) => app.fetch(request, env) };
};

const CARDS = ['agent-card.json', 'agent.json'] as const;

const routesOf = (policy: AgentsPolicy, ports: AgentPorts): Route[] =>
  policy.agents.flatMap((agent): Route[] => {
    const invoke = createInvokeRuntime(agent, ports);
    if (agent.protocol === 'a2a') {
      const card = serveCard(policy, agent, invoke, ports);
      return [
        { method: 'POST', path: agent.path, serve: serveMessages(policy, agent, invoke, ports) },
        ...CARDS.map((name) => ({ method: 'GET' as const, path: `${agent.path}/.well-known/${name}`, serve: card })),
      ];
    }
    const serve = serveInvocations(policy, agent, invoke, ports);
    const paths = [`${agent.path}/invocations`, ...(agent.isDefault ? ['/invoke'] : [])];
    return paths.map((path) => ({ method: 'POST', path, serve }));
  });

/** Recorded like every other call, and nobody has to say who they are to be told. */
const refuseAll = (policy: AgentsPolicy, code: RefusalCode, ports: AgentPorts, allow?: string): Serve => {
  const surface = { ...agentSurface, ...(allow === undefined ? {} : { headers: { allow } }) };
  return observed(policy, NOWHERE, surface, ports, async () => {
    throw new Refusal(code);
  });
};

const NOWHERE = { path: '', auth: 'none' } as const;
