import type { CelVariables } from '../../config/cel.ts';
import type { CompiledMcp, CompiledMcpRoute } from '../../config/compiled-mcp.ts';
import type { Call } from '../core/call.ts';
import type { McpCall, Raw } from '../core/mcp.ts';
import type { Stage } from '../core/pipeline.ts';
import { plainNumbers } from '../core/plain-numbers.ts';
import { Refusal, type RefusalCode } from '../core/refusal.ts';
import { createDecide, type Decide } from '../policy/authorize.ts';
import { prepareLimit, rateLimits } from '../policy/rate-limits.ts';
import { annotationsOf } from '../policy/tool-annotations.ts';
import type { DecideTool } from '../policy/tool-rules.ts';
import { variablesOf } from '../policy/variables.ts';
import { asksBack, mayAsk } from './ask-back.ts';
import { checkOutput } from './check-output.ts';
import { guardArguments, guardCompletion, guardResult } from './guards.ts';
import { limitResult } from './limit-result.ts';
import type { McpPorts } from './ports.ts';
import type { RequestStates } from './request-state.ts';
import { scanResults } from './scan-results.ts';
import type { UpstreamCall } from './upstream-call.ts';

export interface StageParts {
  readonly route: CompiledMcpRoute;
  readonly servers: CompiledMcp['servers'];
  readonly ports: McpPorts;
  readonly decideTool: DecideTool;
  readonly states: RequestStates;
}

/** What every call to a server goes through, in this order. Cheap refusals come first; a mistake does not count. */
export const callStages = (parts: StageParts): readonly Stage<UpstreamCall, Raw>[] => {
  const { route, servers, ports, decideTool, states } = parts;
  const variables = (call: UpstreamCall): CelVariables => mcpVariables(servers, call, call);
  const limits = route.rateLimits.map(prepareLimit);
  return [
    authorizeCall(route, decideTool, createDecide(route.authorization), variables),
    roundTrips(states, parts),
    rateLimits(ports.counter, limits, route.limitsFailure, ports.clock, variables),
    guardArguments(ports.guards?.arguments ?? []),
    guardResult(ports.guards?.result ?? []),
    checkOutput(route.outputSchema),
    scanResults(route.scanResults),
    limitResult(route.maxResultBytes),
  ];
};

/** What a method answers for a name that is not there, or not for this caller: one answer for both (G22). */
export const NOT_FOUND: Readonly<Record<string, RefusalCode>> = {
  'tools/call': 'tool_not_found',
  'prompts/get': 'prompt_not_found',
  'resources/read': 'resource_not_found',
  'completion/complete': 'invalid_params',
};

const STAGE = 'authorization';

const authorizeCall =
  (
    { stepUp }: CompiledMcpRoute,
    decideTool: DecideTool,
    decide: Decide,
    variables: (call: UpstreamCall) => CelVariables,
  ): Stage<UpstreamCall, Raw> =>
  async (call, next) => {
    const { decisions } = call.facts;
    if (call.tool === undefined) {
      const decision = decide(variables(call));
      decisions.push(decision);
      if (decision.result !== 'allow') throw hidden(call, decision.rule);
      return next(call);
    }
    const decision = decideTool(call).of(call.tool);
    decisions.push({ stage: STAGE, result: decision.result === 'allow' ? 'allow' : 'deny', rule: decision.rule });
    if (decision.result === 'allow') return next(call);
    // A4: a status of HTTP, so it has to come before any answer has begun. Here nothing has.
    if (decision.result === 'scope-missing' && stepUp)
      throw new Refusal('insufficient_scope', { rule: decision.rule, scopes: decision.scopes });
    throw hidden(call, decision.rule);
  };

const hidden = ({ method }: McpCall, rule: string | undefined): Refusal =>
  new Refusal(NOT_FOUND[method] ?? 'method_not_found', { reason: 'denied', rule });

/**
 * Requests that take several rounds: opens the state that the client brings, seals the one that it is to bring next time. Before
 * the limits, because a state that is not ours costs nothing and reaches nobody; around the guards, so that what a guard
 * changes makes no other request of it.
 */
const roundTrips =
  (states: RequestStates, { route, servers }: StageParts): Stage<UpstreamCall, Raw> =>
  async (call, next) => {
    const { inputResponses } = call.params;
    if (inputResponses !== undefined && !mayAsk(servers, call.target))
      throw new Refusal('state_rejected', { target: call.target, reason: 'may not ask' });
    const opened =
      call.requestState === undefined
        ? call
        : { ...call, params: { ...call.params, requestState: states.open(call.requestState, call) } };
    return asksBack(await next(opened), call, route, states);
  };

/** A completion is no tool's and takes one round. It counts, and is guarded both ways: it reaches a server too. */
export const completionStages = ({
  route,
  servers,
  ports,
  decideTool,
}: Omit<StageParts, 'states'>): readonly Stage<UpstreamCall, Raw>[] => {
  const variables = (call: UpstreamCall): CelVariables => mcpVariables(servers, call, call);
  return [
    authorizeCall(route, decideTool, createDecide(route.authorization), variables),
    rateLimits(ports.counter, route.rateLimits.map(prepareLimit), route.limitsFailure, ports.clock, variables),
    guardCompletion(ports.guards?.arguments ?? []),
    guardResult(ports.guards?.result ?? []),
    limitResult(route.maxResultBytes),
  ];
};

/** The variables of a call, or of one that would be made of what a list holds. */
export const mcpVariables = (
  servers: CompiledMcp['servers'],
  call: Call,
  about: Pick<McpCall, 'method' | 'tool' | 'arguments' | 'resource' | 'prompt'> & { readonly target: string },
): CelVariables => {
  const { method, tool, target, resource = '', prompt = '' } = about;
  return variablesOf(call, {
    mcp: {
      method,
      tool: {
        target,
        name: tool?.name ?? '',
        arguments: tool === undefined ? null : plainNumbers(about.arguments ?? {}),
        annotations: tool === undefined ? null : annotationsOf(tool.definition, servers[target]?.trusted === true),
      },
      resource,
      prompt,
    },
  });
};
