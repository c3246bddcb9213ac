import { createHash } from 'node:crypto';
import type { CatalogTool, Raw } from '../core/mcp.ts';
import { Refusal } from '../core/refusal.ts';
import { applyPins } from '../policy/pins.ts';
import { scanTool } from '../policy/scan-tools.ts';
import { AmbiguousName } from '../targets/names.ts';
import { isRaw } from '../targets/raw.ts';
import { capabilitiesFor, mayAsk } from './ask-back.ts';
import type { McpRequest } from './mcp-request.ts';
import type { RouteParts } from './route-parts.ts';
import { mcpVariables, NOT_FOUND } from './stages.ts';
import type { UpstreamCall } from './upstream-call.ts';
import { findingWords, toolScanWords } from './visible-tools.ts';

/**
 * Whose a request is and what that server calls what it is about: resolved once (G4).
 *
 * Errors: `Refusal` with the method's "not found", `ambiguous_name` or `invalid_params`; the server's when its list is needed and
 *         can't be had.
 */
export type FindCall = (request: McpRequest) => Promise<UpstreamCall>;

const textAt = (params: Raw, name: string): string => {
  const value = params[name];
  if (typeof value !== 'string') throw new Refusal('invalid_params', { param: name }, { param: name });
  return value;
};

/** What a round of a longer conversation carries (MCP 2026-07-28, "Multi round-trip requests"). */
const roundOf = ({ params, envelope }: McpRequest): Pick<UpstreamCall, 'requestState'> & { readonly sent: Raw } => {
  const { _meta, inputResponses, requestState } = params;
  const isModern = envelope.era === 'modern';
  if (isModern && inputResponses !== undefined && !isRaw(inputResponses))
    throw new Refusal('invalid_params', {}, { param: 'inputResponses' });
  return {
    sent: {
      ...(_meta === undefined ? {} : { _meta }),
      ...(isModern && inputResponses !== undefined ? { inputResponses } : {}),
    },
    ...(isModern && requestState !== undefined ? { requestState } : {}),
  };
};

const upstreamCall = (
  { servers }: RouteParts,
  request: McpRequest,
  about: Pick<UpstreamCall, 'target' | 'tool' | 'arguments' | 'prompt' | 'resource' | 'params'> & {
    readonly definition?: Raw;
  },
): UpstreamCall => {
  const { method, call, envelope, context } = request;
  const { definition, ...found } = about;
  const { sent, ...round } = roundOf(request);
  return {
    ...call,
    ...found,
    ...round,
    method,
    era: envelope.era,
    note: (facts) => request.exchange.noteMcp(facts),
    version: envelope.version,
    params: { ...found.params, ...sent },
    context: {
      ...context,
      capabilities: capabilitiesFor(envelope.capabilities, mayAsk(servers, found.target)),
      ...(definition === undefined ? {} : { definition }),
    },
  };
};

/** A name that two servers have is said to be that only to who may know of one of them (G5). */
const unlessAmbiguous = async <Found>(
  find: () => Promise<Found>,
  isKnown: (candidates: readonly unknown[]) => boolean,
  method: string,
): Promise<Found> => {
  try {
    return await find();
  } catch (thrown) {
    if (!(thrown instanceof AmbiguousName)) throw thrown;
    throw isKnown(thrown.candidates) ? new Refusal('ambiguous_name') : notFound(method);
  }
};

const notFound = (method: string): Refusal => new Refusal(NOT_FOUND[method] ?? 'invalid_params', { reason: 'unknown' });

export const createFindCall = (parts: RouteParts): Readonly<Record<string, FindCall>> => {
  const { route, servers, catalogue, decide, listedTools } = parts;

  const mayReach = ({ call }: McpRequest, about: Parameters<typeof mcpVariables>[2]): boolean =>
    decide(mcpVariables(servers, call, about)).result === 'allow';

  const findTool: FindCall = async (request) => {
    const { params, call, context, exchange, method } = request;
    const name = textAt(params, 'name');
    const given = params.arguments ?? {}; // G18
    if (!isRaw(given)) throw new Refusal('invalid_params', {}, { param: 'arguments', expected: 'an object' });
    const live = await unlessAmbiguous(
      () => catalogue.find(name, context),
      (candidates) => listedTools.any(call, candidates as readonly CatalogTool[]),
      method,
    );
    if (live === undefined) throw notFound(method);
    exchange.noteMcp({ target: live.target, tool: live.name, argumentsSha256: hashOf(given) });
    const { visible, findings } = applyPins(route.pinning, [live], []);
    const isApproved = route.pinning.mode !== 'off' && findings.length === 0;
    exchange.noteMcp({
      findings: findingWords(findings),
      scanFindings: isApproved ? [] : toolScanWords(scanTool(live)),
    });
    const [tool] = visible;
    if (tool === undefined) throw new Refusal('tool_not_found', { reason: 'pinned' });
    return upstreamCall(parts, request, {
      target: tool.target,
      tool,
      arguments: given,
      params: { name: tool.name },
      // What the server wants in headers it says in the definition that it has now.
      definition: live.definition,
    });
  };

  const findPrompt = async (request: McpRequest, name: string): Promise<CatalogTool> => {
    const { context, exchange, method } = request;
    const found = await unlessAmbiguous(
      () => catalogue.findPrompt(name, context),
      (all) =>
        (all as readonly CatalogTool[]).some((one) =>
          mayReach(request, { method, target: one.target, prompt: one.name }),
        ),
      method,
    );
    if (found === undefined) throw notFound(method);
    exchange.noteMcp({ target: found.target, prompt: found.name });
    return found;
  };

  const findResource = async (request: McpRequest, uri: string) => {
    const { context, exchange, method } = request;
    const found = await unlessAmbiguous(
      () => catalogue.findResource(uri, context),
      (all) =>
        (all as readonly { target: string; uri: string }[]).some((one) =>
          mayReach(request, { method, target: one.target, resource: one.uri }),
        ),
      method,
    );
    if (found === undefined) throw notFound(method);
    exchange.noteMcp({ target: found.target, resource: found.uri });
    return found;
  };

  const finds: Readonly<Record<string, FindCall>> = {
    'tools/call': findTool,
    'prompts/get': async (request) => {
      const given = request.params.arguments;
      if (given !== undefined && !isRaw(given)) throw new Refusal('invalid_params', {}, { param: 'arguments' });
      const { target, name } = await findPrompt(request, textAt(request.params, 'name'));
      if (given !== undefined) request.exchange.noteMcp({ argumentsSha256: hashOf(given) });
      return upstreamCall(parts, request, {
        target,
        prompt: name,
        params: { name },
        ...(given === undefined ? {} : { arguments: given }),
      });
    },
    'resources/read': async (request) => {
      const { target, uri } = await findResource(request, textAt(request.params, 'uri'));
      return upstreamCall(parts, request, { target, resource: uri, params: { uri } });
    },
    'completion/complete': async (request) => {
      const { ref, argument, context } = request.params;
      if (!isRaw(ref) || !isRaw(argument)) throw new Refusal('invalid_params', {}, { param: 'ref' });
      const rest = { argument, ...(isRaw(context) ? { context } : {}) };
      if (ref.type === 'ref/prompt') {
        const { target, name } = await findPrompt(request, textAt(ref, 'name'));
        return upstreamCall(parts, request, { target, prompt: name, params: { ref: { ...ref, name }, ...rest } });
      }
      if (ref.type !== 'ref/resource') throw new Refusal('invalid_params', {}, { param: 'ref.type' });
      const { target, uri } = await findResource(request, textAt(ref, 'uri'));
      return upstreamCall(parts, request, { target, resource: uri, params: { ref: { ...ref, uri }, ...rest } });
    },
  };
  return Object.fromEntries(Object.entries(finds).map(([method, find]) => [method, roundFirst(find)]));
};

/** What is wrong with a round is said before anything is looked up: otherwise the error would tell a denied name from an unknown one. */
const roundFirst =
  (find: FindCall): FindCall =>
  async (request) => {
    roundOf(request);
    return find(request);
  };

const hashOf = (given: Raw): string => createHash('sha256').update(JSON.stringify(given)).digest('hex');
