import type { CelVariables } from '../../config/cel.ts';
import type { CompiledLlm, CompiledLlmRoute } from '../../config/compiled.ts';
import type { Call } from '../core/call.ts';
import type { Stage } from '../core/pipeline.ts';
import { authorize, createDecide, type Decide } from '../policy/authorize.ts';
import { callVariables, type ModelCall } from './call-variables.ts';
import { aliasesOf } from './targets.ts';

/** Refuses an alias to those whom its own rules do not allow, although the route lets them in. */
export const modelAuthorization = <C extends ModelCall, Reply>(
  llm: CompiledLlm,
  route: CompiledLlmRoute,
  variables: (call: C) => CelVariables,
): Stage<C, Reply> => {
  const stages = new Map(
    [...rulesOf(llm, route)].map(([alias, decide]) => [alias, authorize<C, Reply>(decide, variables)]),
  );
  return (call, next) => stages.get(call.model)?.(call, next) ?? next(call);
};

/**
 * What a route without a provider offers a caller by name, for a list of models: the aliases that it may use, and the
 * providers' models that are listed one by one.
 */
export const namedModels = (llm: CompiledLlm, route: CompiledLlmRoute): ((call: Call) => readonly string[]) => {
  const rules = rulesOf(llm, route);
  return (call) =>
    (route.models ?? []).filter((model) => {
      const asking = { ...call, model, stream: false, dialect: 'models' };
      const decide = rules.get(model);
      if (decide === undefined) return !model.includes('*');
      const provider = llm.models[model]?.targets[0]?.provider ?? '';
      return decide(callVariables(route, asking, provider)).result === 'allow';
    });
};

const rulesOf = (llm: CompiledLlm, route: CompiledLlmRoute): ReadonlyMap<string, Decide> =>
  new Map(
    aliasesOf(llm, route).flatMap((alias) => {
      const authorization = llm.models[alias]?.authorization;
      return authorization === undefined ? [] : [[alias, createDecide(authorization)]];
    }),
  );
