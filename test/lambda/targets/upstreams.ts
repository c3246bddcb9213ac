import { randomUUID } from 'node:crypto';
import type http from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Server as LegacyServer } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema, EmptyResultSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import { type Loopback, listen } from '../../support/loopback.ts';

type Raw = Readonly<Record<string, unknown>>;

export interface Upstream extends Loopback {
  /** Tool calls in order, with whom the server took them from. */
  readonly calls: { readonly name: string; readonly arguments: unknown; readonly session?: string | undefined }[];
  /** Requests that the server was told nobody waits for any more. */
  readonly cancelled: string[];
}

const tool = (name: string, more: Raw = {}) => ({ name, inputSchema: { type: 'object' as const }, ...more });

const TOOLS = [tool('echo'), tool('count'), tool('wait'), tool('fail'), tool('ask')];
const PAGE = 2;

const pageOf = (cursor: string | undefined) => {
  const at = Number(cursor ?? 0);
  return {
    tools: TOOLS.slice(at, at + PAGE),
    ...(at + PAGE < TOOLS.length ? { nextCursor: String(at + PAGE) } : {}),
  };
};

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

/** The reference server of 2026-07-28. `legacy: 'reject'` makes it deaf to 2025. */
export const modernUpstream = async (legacy: 'stateless' | 'reject' = 'reject'): Promise<Upstream> => {
  const calls: Upstream['calls'] = [];
  const cancelled: string[] = [];
  const handler = createMcpHandler(
    () => {
      const server = new Server({ name: 'modern', version: '1' }, { capabilities: { tools: {} } });
      server.setRequestHandler('tools/list', async ({ params }) => pageOf(params?.cursor));
      server.setRequestHandler('tools/call', async ({ params }, context) => {
        calls.push({ name: params.name, arguments: params.arguments });
        const { signal } = context.mcpReq;
        if (params.name === 'wait') {
          await untilAborted(signal);
          cancelled.push('wait');
        }
        if (params.name === 'count') {
          const token = params._meta?.progressToken;
          for (const progress of [1, 2, 2, 3])
            await context.mcpReq.notify({
              method: 'notifications/progress',
              params: { progressToken: token ?? 0, progress, total: 3 },
            });
        }
        return { content: [{ type: 'text', text: JSON.stringify(params.arguments ?? null) }] };
      });
      return server;
    },
    { legacy, onerror: () => {} },
  );
  const listener = getRequestListener((request) => handler.fetch(request), { overrideGlobalObjects: false });
  return { ...(await listen((request, response) => void listener(request, response))), calls, cancelled };
};

/** The reference server of 2025, with sessions. */
export const legacyUpstream = async (): Promise<Upstream & { forgetSessions(): void; readonly opened: string[] }> => {
  const calls: Upstream['calls'] = [];
  const cancelled: string[] = [];
  const opened: string[] = [];
  const transports = new Map<string, StreamableHTTPServerTransport>();

  const open = async (): Promise<StreamableHTTPServerTransport> => {
    const server = new LegacyServer({ name: 'legacy', version: '1' }, { capabilities: { tools: {} } });
    server.setRequestHandler(ListToolsRequestSchema, async ({ params }) => pageOf(params?.cursor));
    server.setRequestHandler(
      CallToolRequestSchema,
      async ({ params }, { signal, sessionId, sendNotification, sendRequest }) => {
        calls.push({ name: params.name, arguments: params.arguments, session: sessionId });
        if (params.name === 'wait') {
          await untilAborted(signal);
          cancelled.push('wait');
        }
        if (params.name === 'ask') {
          const said = await sendRequest({ method: 'ping' }, EmptyResultSchema).then(() => 'pong');
          return { content: [{ type: 'text', text: said }] };
        }
        if (params.name === 'count')
          for (const progress of [1, 2, 2, 3])
            await sendNotification({
              method: 'notifications/progress',
              params: { progressToken: params._meta?.progressToken ?? 0, progress, total: 3 },
            });
        return { content: [{ type: 'text', text: JSON.stringify(params.arguments ?? null) }] };
      },
    );
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => {
        opened.push(id);
        transports.set(id, transport);
      },
    });
    await server.connect(transport as never);
    return transport;
  };

  const answer = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const id = request.headers['mcp-session-id'];
    const known = typeof id === 'string' ? transports.get(id) : undefined;
    if (id !== undefined && known === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end('{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}');
      return;
    }
    await (known ?? (await open())).handleRequest(request, response);
  };
  const loopback = await listen((request, response) => void answer(request, response));
  return { ...loopback, calls, cancelled, opened, forgetSessions: () => transports.clear() };
};

/** A server that says what a test wants it to, to whatever comes. */
export const fakeUpstream = (
  answer: (
    body: { readonly id?: number; readonly method: string; readonly params: Raw },
    request: http.IncomingMessage,
  ) => Fake,
): Promise<Loopback> =>
  listen(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const fake = answer(text === '' ? { method: String(request.method), params: {} } : JSON.parse(text), request);
    if (typeof fake === 'function') return fake(response);
    response.writeHead(fake.status ?? 200, { 'content-type': 'application/json', ...fake.headers });
    response.end(typeof fake.body === 'string' ? fake.body : JSON.stringify(fake.body ?? {}));
  });

export type Fake =
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: unknown }
  | ((response: http.ServerResponse) => void);

export const result = (id: number | undefined, value: Raw): Fake => ({
  body: { jsonrpc: '2.0', id, result: { resultType: 'complete', ...value } },
});

export const rpcError = (id: number | undefined, code: number, status = 200, data?: unknown): Fake => ({
  status,
  body: { jsonrpc: '2.0', id, error: { code, message: 'no', data } },
});
