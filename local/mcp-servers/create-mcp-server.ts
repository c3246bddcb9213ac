import {
  createMcpHandler,
  hostHeaderValidationResponse,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type Tool,
} from '@modelcontextprotocol/server';
import { type Caller, checkArguments, type LocalTool, ToolError } from './tool.ts';

export interface McpServerOptions {
  readonly name: string;
  readonly title: string;
  readonly instructions: string;
  /** Listed in this order. */
  readonly tools: readonly LocalTool[];
  /** Says who calls, or answers why nobody may. */
  readonly identify: (request: Request) => Promise<Caller | Response>;
}

/** A tool call as it came in, for whoever tells the story. */
export interface ReceivedCall {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
  readonly era: 'modern' | 'legacy';
}

export interface LocalMcpServer {
  fetch(request: Request): Promise<Response>;
  /** Changes what a tool says of itself, as a server that turned does; without a text it is as it was. */
  describe(tool: string, description?: string): void;
  /** The last calls that reached a tool, oldest first. */
  calls(): readonly ReceivedCall[];
}

const KEPT_CALLS = 1_000;

/**
 * An MCP server of either era on this machine: stateless in the protocol, with its data in memory.
 *
 * `PUT /admin/tools/<name>` with `{"description": "…"}` changes a description while it runs, `DELETE` gives it back.
 */
export const createMcpServer = (options: McpServerOptions): LocalMcpServer => {
  const tools = new Map(options.tools.map((tool) => [tool.name, tool]));
  const descriptions = new Map<string, string>();
  const calls: ReceivedCall[] = [];

  const list = (): Tool[] =>
    options.tools.map(({ name, title, description, properties, required, annotations }) => ({
      name,
      title,
      description: descriptions.get(name) ?? description,
      inputSchema: {
        type: 'object',
        properties: { ...properties },
        required: [...required],
        additionalProperties: false,
      },
      annotations: { ...annotations },
    }));

  const call = (name: string, args: Readonly<Record<string, unknown>>, caller: Caller, era: ReceivedCall['era']) => {
    const tool = tools.get(name);
    if (tool === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Unknown tool');
    calls.splice(0, Math.max(0, calls.length + 1 - KEPT_CALLS));
    calls.push({ tool: name, arguments: args, caller, era });
    const wrong = checkArguments(tool, args);
    if (wrong !== undefined) return saying(wrong);
    try {
      const result = tool.run(args, caller);
      return { content: [{ type: 'text' as const, text: JSON.stringify(result) }], structuredContent: result };
    } catch (error) {
      if (error instanceof ToolError) return saying(error.message);
      throw new ProtocolError(ProtocolErrorCode.InternalError, 'the server has a bug');
    }
  };

  const handler = createMcpHandler(({ era, authInfo }) => {
    const server = new Server(
      { name: options.name, title: options.title, version: '1.0.0' },
      { capabilities: { tools: {} }, instructions: options.instructions },
    );
    const caller = authInfo?.extra?.caller as Caller | undefined;
    server.setRequestHandler('tools/list', () => ({ tools: list() }));
    server.setRequestHandler('tools/call', ({ params }) => {
      if (caller === undefined) throw new ProtocolError(ProtocolErrorCode.InternalError, 'nobody calls');
      return call(params.name, params.arguments ?? {}, caller, era);
    });
    return server;
  });

  const describe: LocalMcpServer['describe'] = (name, description) => {
    if (!tools.has(name)) throw new Error(`there is no tool ${name}`);
    if (description === undefined) descriptions.delete(name);
    else descriptions.set(name, description);
  };

  return {
    describe,
    calls: () => calls,
    fetch: async (request) => {
      const stray =
        hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
        originValidationResponse(request, localhostAllowedOrigins());
      if (stray !== undefined) return stray;
      const { pathname } = new URL(request.url);
      const [, tool] = /^\/admin\/tools\/([a-z_]+)$/.exec(pathname) ?? [];
      if (tool !== undefined) return tools.has(tool) ? turn(request, tool, describe) : nothing();
      if (pathname !== '/mcp') return nothing();
      const caller = await options.identify(request);
      if (caller instanceof Response) return caller;
      return handler.fetch(request, {
        authInfo: { token: '', clientId: caller.actor ?? '', scopes: [], extra: { caller } },
      });
    },
  };
};

const saying = (text: string) => ({ content: [{ type: 'text' as const, text }], isError: true });

const nothing = (): Response => new Response('There is nothing here.\n', { status: 404 });

const turn = async (request: Request, tool: string, describe: LocalMcpServer['describe']): Promise<Response> => {
  if (request.method === 'DELETE') {
    describe(tool);
    return new Response(null, { status: 204 });
  }
  if (request.method !== 'PUT') return new Response(null, { status: 405, headers: { allow: 'PUT, DELETE' } });
  const body: unknown = await request.json().catch(() => undefined);
  const { description } = (typeof body === 'object' && body !== null ? body : {}) as { description?: unknown };
  if (typeof description !== 'string') return new Response('{"description": "…"} is needed.\n', { status: 400 });
  describe(tool, description);
  return new Response(null, { status: 204 });
};
