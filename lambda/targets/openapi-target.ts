import type { CompiledOpenApiServer, CompiledOpenApiTool } from '../../config/compiled-mcp.ts';
import type { Raw } from '../core/mcp.ts';
import { Refusal } from '../core/refusal.ts';
import type { OutboundAuth } from '../outbound-auth/outbound-auth.ts';
import { type IncomingAnswer, type OutgoingRequest, STALE_CONNECTION } from '../providers/send.ts';
import type { LinkPorts } from './link.ts';
import { BadArgument } from './openapi/bad-argument.ts';
import { buildRequest } from './openapi/build-request.ts';
import { readResult, toolError } from './openapi/read-result.ts';
import { isRaw } from './raw.ts';
import { createSlots } from './slots.ts';
import { type McpTarget, type TargetContext, TargetError } from './target.ts';
import { within } from './within.ts';

export interface OpenApiTargetPorts extends LinkPorts {
  readonly auth: (server: CompiledOpenApiServer) => OutboundAuth;
}

const INVALID_PARAMS = -32602;
const METHOD_NOT_FOUND = -32601;
/** Methods that ask and change nothing: only those may go out twice (G25). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** A connection that was kept longer may close under a request. */
const KEPT_TOO_LONG_MS = 3_000;
/** Shorter texts are no secrets, and would be found everywhere. */
const SHORTEST_SECRET = 8;

/** A REST API as tools that were made of its description when the policy was compiled. */
export const createOpenApiTarget = (server: CompiledOpenApiServer, ports: OpenApiTargetPorts): McpTarget => {
  const tools = new Map(server.tools.map((tool) => [String(tool.definition.name), tool]));
  const items = server.tools.map(({ definition }) => definition);
  const slots = createSlots(server.concurrency);
  const auth = ports.auth(server);
  let lastAnsweredMs = Number.NEGATIVE_INFINITY;
  const limits = { ...server.timeouts, idleMs: server.timeouts.totalMs };

  const call = async (tool: CompiledOpenApiTool, request: OutgoingRequest, context: TargetContext): Promise<Raw> => {
    const ask = async (fresh: boolean): Promise<{ answer: IncomingAnswer; credential: Headers }> => {
      await ports.guardUrl(request.url, server);
      const credential = await auth.headers(context.call, {
        fresh,
        signal: context.signal,
        needed: tool.upstreamScopes,
      });
      if (Object.keys(credential).some((name) => Object.hasOwn(request.headers, name) && name !== 'accept'))
        throw new BadArgument('an argument would stand in place of the credential');
      context.signal.throwIfAborted();
      const headers = { ...request.headers, ...traceOf(context), ...credential };
      const answer = await ports.send({ ...request, headers }, limits, context.signal);
      lastAnsweredMs = ports.clock();
      return { answer, credential };
    };
    let { answer, credential } = await ask(false);
    if (answer.status === 401 && server.credential.type !== 'none') {
      answer.body.destroy();
      ({ answer, credential } = await ask(true)); // It may have been renewed meanwhile.
    }
    return readResult(answer, tool, { server: server.name, secrets: secretsOf(credential) });
  };

  return {
    name: server.name,
    perUser: false, // The document is the same for everybody, whoever is called as.
    list: async (method) => ({ items: method === 'tools/list' ? items : [] }),
    async request(method, params, context) {
      if (method !== 'tools/call') throw new TargetError(server.name, METHOD_NOT_FOUND, 'Method not found');
      const tool = typeof params.name === 'string' ? tools.get(params.name) : undefined;
      if (tool === undefined) throw new TargetError(server.name, INVALID_PARAMS, 'Unknown tool');
      try {
        const request = buildRequest(tool, server.baseUrl, isRaw(params.arguments) ? params.arguments : {});
        const isSafe = SAFE.has(request.method);
        return await within(server.timeouts.totalMs, context.signal, (signal) =>
          slots(signal, () => {
            const own = { ...context, signal };
            // What must not be sent twice is not sent over a connection that may be closing.
            const isOld = ports.clock() - lastAnsweredMs > KEPT_TOO_LONG_MS;
            if (!isSafe) return call(tool, isOld ? { ...request, fresh: true } : request, own);
            return call(tool, request, own).catch((thrown) => {
              if (!(thrown instanceof Refusal) || thrown.detail.reason !== STALE_CONNECTION) throw thrown;
              return call(tool, { ...request, fresh: true }, own);
            });
          }),
        );
      } catch (thrown) {
        if (thrown instanceof BadArgument) return toolError(thrown.says);
        throw thrown;
      }
    },
  };
};

type Headers = Readonly<Record<string, string>>;

/** Of the trace only what places the call in it: baggage is the caller's own, and goes to nobody else. */
const traceOf = ({ trace }: TargetContext): Headers =>
  Object.fromEntries(
    Object.entries(trace).filter(
      ([name, value]) => (name === 'traceparent' || name === 'tracestate') && /^[\x20-\x7E]{1,512}$/.test(value),
    ),
  );

/** Header values, and what stands in them after the scheme. */
const secretsOf = (credential: Headers): readonly string[] =>
  Object.values(credential)
    .flatMap((value) => [value, value.split(' ').at(-1) ?? ''])
    .filter((text) => text.length >= SHORTEST_SECRET);
