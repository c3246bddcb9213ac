import { type CelVariables, compileCel } from '../../config/cel.ts';
import type { CompiledLlm, CompiledLlmRoute, CompiledRateLimit } from '../../config/compiled.ts';
import type { Call } from '../core/call.ts';
import type { LlmCall, LlmReply } from '../core/llm.ts';
import type { Stage } from '../core/pipeline.ts';
import { Refusal } from '../core/refusal.ts';
import { authorize, createDecide } from '../policy/authorize.ts';
import { type PreparedLimit, rateLimits } from '../policy/rate-limits.ts';
import { variablesOf } from '../policy/variables.ts';
import type { LlmPorts } from './ports.ts';
import { targetsOf } from './targets.ts';

/** What every LLM call goes through on its way to a provider, in this order. Cheap refusals come first. */
export const llmStages = (
  llm: CompiledLlm,
  route: CompiledLlmRoute,
  ports: LlmPorts,
): readonly Stage<LlmCall, LlmReply>[] => {
  const variables = llmVariables(llm, route);
  return [
    authorize(createDecide(route.authorization), variables),
    servedModels(llm, route),
    rateLimits(ports.counter, route.rateLimits.map(prepare), route.limitsFailure, ports.clock, variables),
  ];
};

/** The same for a call that names no model: a list of them. */
export const listStages = <Reply>(route: CompiledLlmRoute, ports: LlmPorts): readonly Stage<Call, Reply>[] => {
  const variables = (call: Call): CelVariables =>
    variablesOf(call, {
      llm: { model: '', provider: route.provider ?? '', stream: false, route: route.path, surface: 'models' },
    });
  return [
    authorize(createDecide(route.authorization), variables),
    rateLimits(ports.counter, route.rateLimits.map(prepare), route.limitsFailure, ports.clock, variables),
  ];
};

/** After authorization, so that strangers can't try names; before limits, so that a typo costs nothing (R142). */
const servedModels =
  (llm: CompiledLlm, route: CompiledLlmRoute): Stage<LlmCall, LlmReply> =>
  async (call, next) => {
    if (targetsOf(llm, route, call.model).length === 0) throw new Refusal('model_not_found', {}, { param: 'model' });
    return next(call);
  };

const llmVariables =
  (llm: CompiledLlm, route: CompiledLlmRoute) =>
  (call: LlmCall): CelVariables =>
    variablesOf(call, {
      llm: {
        model: call.model,
        provider: targetsOf(llm, route, call.model)[0]?.provider ?? '',
        stream: call.stream,
        route: route.path,
        surface: call.dialect,
      },
    });

const prepare = ({ name, per, requests, windowSeconds }: CompiledRateLimit): PreparedLimit => ({
  name,
  per: per.map((source) => compileCel(source, { result: 'any' })),
  requests,
  windowSeconds,
});
