import { Hono } from 'hono';
import type { CompiledPolicy } from '../../config/compiled.ts';
import { Refusal, type RefusalCode } from '../core/refusal.ts';
import type { GatewayEnv } from '../http/gateway-env.ts';
import { observed, type Serve } from '../http/observed.ts';
import { createKeptLists } from '../targets/kept-lists.ts';
import { createDiscovery } from './discovery.ts';
import type { McpPorts } from './ports.ts';
import { createProtectedResource } from './protected-resource.ts';
import { originOf } from './public-urls.ts';
import { createServe } from './serve.ts';
import { admitHost, mcpSurface } from './surface.ts';

export interface McpApp {
  /** Never throws: whatever goes wrong is an answer. */
  fetch(request: Request, env: GatewayEnv): Promise<Response>;
}

export type McpPolicy = Pick<CompiledPolicy, 'name' | 'version' | 'identity' | 'mcp'>;

/** The MCP gateway of a policy: many servers behind one endpoint a route, and the documents that tell how to get a token. */
export const createMcpApp = (policy: McpPolicy, ports: McpPorts): McpApp => {
  const app = new Hono<{ Bindings: GatewayEnv }>();
  const lists = createKeptLists(policy.mcp.servers, ports);
  const postOnly = refuseAll(policy, 'method_not_allowed', ports, { allow: 'POST' });
  for (const route of policy.mcp.routes) {
    const serve = createServe(policy, route, lists, ports);
    app.post(route.path, (context) => serve(context.req.raw, context.env));
    // No stream stays open here and no session ends: GET and DELETE have nothing to ask for.
    app.all(route.path, (context) => postOnly(context.req.raw, context.env));
  }
  const documents = createDocuments(policy, ports);
  const notHere = refuseAll(policy, 'route_not_found', ports);
  app.notFound(
    async (context) => (await documents(context.req.raw, context.env)) ?? notHere(context.req.raw, context.env),
  );
  return { fetch: async (request, env) => app.fetch(request, env) };
};

/** What is public by its nature. `undefined`: no such document, or not under this host. */
const createDocuments = (
  policy: McpPolicy,
  ports: McpPorts,
): ((request: Request, env: GatewayEnv) => Promise<Response | undefined>) => {
  const { baseUrl = originOf, ownHosts, authorization } = ports;
  const answer =
    authorization === undefined
      ? createProtectedResource(policy, baseUrl)
      : createDiscovery(policy, baseUrl, { ...ports, ...authorization });
  return async (request, env) => {
    try {
      admitHost(new Request(request.url), ownHosts); // Any page may read them, so whose page it is makes no difference.
    } catch {
      return undefined;
    }
    return answer(request, env);
  };
};

/** Recorded like every other call, and nobody has to say who they are to be told. */
const refuseAll = (
  policy: McpPolicy,
  code: RefusalCode,
  ports: McpPorts,
  headers: Readonly<Record<string, string>> = {},
): Serve => {
  const surface = mcpSurface(ports);
  return observed(policy, NOWHERE, { ...surface, headers: { ...surface.headers, ...headers } }, ports, async () => {
    throw new Refusal(code);
  });
};

const NOWHERE = { path: '', auth: 'none' } as const;
