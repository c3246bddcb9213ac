import type { Raw } from '../core/mcp.ts';
import { type Handle, pipeline } from '../core/pipeline.ts';
import { Refusal, toRefusal } from '../core/refusal.ts';
import { exposeNamed } from '../targets/expose.ts';
import { resultForClient } from '../targets/resource-uris.ts';
import { TargetError } from '../targets/target.ts';
import { createCountRequest, isMiss } from './count-request.ts';
import { createFindCall } from './find-call.ts';
import type { McpRequest, Method } from './mcp-request.ts';
import { degradedMeta, type RouteParts } from './route-parts.ts';
import { callStages, completionStages } from './stages.ts';
import { CALL_TOOL, FIND_TOOLS, findTools, innerCall } from './tool-search.ts';
import type { UpstreamCall } from './upstream-call.ts';
import { visibleTools } from './visible-tools.ts';

const METHOD_NOT_FOUND = -32601;
const INVALID_PARAMS = -32602;

/** The methods that reach one server: found, decided about, asked, answered in the names of this route. */
export const createCalls = (parts: RouteParts): Readonly<Record<string, Method>> => {
  const { route, ports, catalogue } = parts;
  const find = createFindCall(parts);
  const countRequest = createCountRequest(parts);

  const askServer = async (call: UpstreamCall): Promise<Raw> => {
    const target = ports.targets.get(call.target);
    if (target === undefined) throw new Error(`no target ${call.target}`);
    const startedMs = ports.clock();
    const note = (outcome: string): void =>
      void call.facts.attempts.push({
        provider: call.target,
        model: call.tool?.name ?? call.method,
        outcome,
        ms: ports.clock() - startedMs,
      });
    const { params, method, arguments: given } = call;
    try {
      const sent = given === undefined ? params : { ...params, arguments: given };
      const result = await target.request(method, sent, call.context);
      note('ok');
      return resultForClient(method, result, catalogue.urisOf(call.target));
    } catch (thrown) {
      note(thrown instanceof TargetError ? `error ${thrown.code}` : toRefusal(thrown).code);
      const mayHaveChanged = thrown instanceof TargetError && thrown.code === INVALID_PARAMS && call.tool !== undefined;
      if (mayHaveChanged) await catalogue.changed(call.tool, call.context).catch(() => {}); // G32: for the next call
      throw thrown;
    }
  };

  /** Put together once: a route's expressions are compiled on the way. */
  let handles: Readonly<Record<'call' | 'completion', Handle<UpstreamCall, Raw>>> | undefined;
  const handleFor = async (kind: 'call' | 'completion'): Promise<Handle<UpstreamCall, Raw>> => {
    if (handles === undefined) {
      const { states } = await parts.secrets();
      handles = {
        call: pipeline(callStages({ ...parts, states }), askServer),
        completion: pipeline(completionStages(parts), askServer),
      };
    }
    return handles[kind];
  };

  const reach = async (request: McpRequest, kind: 'call' | 'completion'): Promise<Raw> => {
    const handle = await handleFor(kind);
    const call = await find[request.method]?.(request);
    if (call === undefined) throw new Refusal('method_not_found');
    const result = await handle(call);
    if (call.tool !== undefined) request.exchange.noteMcp({ isError: result.isError === true });
    return result;
  };

  /** What is found and allowed has been counted on its way; what is not, is counted here, so that nobody tries names for free. */
  const run = async (request: McpRequest, kind: 'call' | 'completion'): Promise<Raw> => {
    try {
      return await reach(request, kind);
    } catch (thrown) {
      if (isMiss(thrown)) await countRequest(request);
      throw thrown;
    }
  };

  const callTool: Method = async (request) => {
    const { params, exchange } = request;
    if (!route.search) return run(request, 'call');
    if (params.name === CALL_TOOL) return run({ ...request, params: innerCall(params) }, 'call');
    if (params.name !== FIND_TOOLS) return run(request, 'call');
    exchange.noteMcp({ tool: FIND_TOOLS });
    await countRequest(request);
    const { tools, degraded } = await visibleTools(parts, request);
    const found = findTools(params, tools, (tool) => exposeNamed(tool, catalogue.urisOf(tool.target)));
    return { ...found, ...degradedMeta(degraded) };
  };

  return {
    'tools/call': async (request) => {
      try {
        return await callTool(request);
      } catch (thrown) {
        request.call.signal.throwIfAborted();
        const failed = thrown instanceof Refusal && isServers(thrown) ? thrown : undefined;
        if (failed === undefined) throw thrown;
        throw new ToolFailed(failed, request.exchange.mcp?.target ?? String(failed.detail.target ?? ''));
      }
    },
    'prompts/get': (request) => run(request, 'call'),
    'resources/read': (request) => run(request, 'call'),
    'completion/complete': async (request) => {
      try {
        return await run(request, 'completion');
      } catch (thrown) {
        if (!(thrown instanceof TargetError) || thrown.code !== METHOD_NOT_FOUND) throw thrown;
        return { completion: { values: [], hasMore: false } };
      }
    },
  };
};

const isServers = ({ code }: Refusal): boolean =>
  code.startsWith('upstream_') || code === 'credential_unavailable' || code === 'may_not_ask';

/** The server behind a tool failed: a result that says so, so that the model can go on without (G22). */
export class ToolFailed extends Error {
  override readonly name = 'ToolFailed';

  constructor(
    readonly refusal: Refusal,
    readonly target: string,
  ) {
    super(refusal.code, { cause: refusal });
  }

  get result(): Raw {
    const { code } = this.refusal;
    const text = `The server behind this tool could not answer (${[this.target, code].filter(Boolean).join(': ')}).`;
    return {
      content: [{ type: 'text', text }],
      isError: true,
      _meta: { 'gatehouse/error': { code, target: this.target } },
    };
  }
}
