import { type CelProgram, compileCel } from '../../config/cel.ts';
import type { AliasTarget, CompiledLlm, CompiledLlmRoute, ModelTarget } from '../../config/compiled.ts';
import { matchesGlob } from '../../config/model-glob.ts';
import { callVariables, type ModelCall } from './call-variables.ts';

/**
 * Who may answer a call on a route, in the order in which they are asked. Empty: the route does not serve the model to this
 * caller. Who knows only the model's name gets none of the targets on a condition, and the others in their order.
 */
export const targetsOf = (
  llm: CompiledLlm,
  route: CompiledLlmRoute,
  asked: ModelCall | string,
): readonly ModelTarget[] => {
  const model = typeof asked === 'string' ? asked : asked.model;
  if (route.provider !== undefined)
    return [{ provider: route.provider, model: route.model ?? model }, ...route.fallbacks];
  if (!aliasesOf(llm, route).includes(model)) return named(route, model);
  return placesOf(llm.models[model]?.targets ?? []).flatMap((place) => {
    const applying = place.filter(({ when, provider }) => when === undefined || holds(when, route, asked, provider));
    return byWeight(applying, typeof asked === 'string' ? 0 : (asked.drawn ?? 0)).map(
      ({ provider, model }): ModelTarget => ({ provider, model }),
    );
  });
};

/** The aliases that callers of a route may ask for. */
export const aliasesOf = (llm: CompiledLlm, route: CompiledLlmRoute): readonly string[] =>
  route.provider === undefined ? (route.models ?? []).filter((entry) => Object.hasOwn(llm.models, entry)) : [];

/** `anthropic/claude-…`, where the route lists it: nobody chooses a provider that the policy does not offer. */
const named = ({ models = [] }: CompiledLlmRoute, model: string): readonly ModelTarget[] => {
  const slash = model.indexOf('/');
  const isListed = models.some((entry) => (entry.includes('*') ? matchesGlob(entry, model) : entry === model));
  if (slash < 0 || slash === model.length - 1 || !isListed) return [];
  return [{ provider: model.slice(0, slash), model: model.slice(slash + 1) }];
};

/** One target, or neighbours that have a weight. */
type Place = readonly AliasTarget[];

const placesOf = (targets: readonly AliasTarget[]): readonly Place[] => {
  const places: AliasTarget[][] = [];
  for (const target of targets) {
    const last = places.at(-1);
    if (target.weight !== undefined && last?.[0]?.weight !== undefined) last.push(target);
    else places.push([target]);
  }
  return places;
};

/** The one at `drawn` of the sum of weights; the others follow in their order. */
const byWeight = (place: Place, drawn: number): Place => {
  let left = drawn * place.reduce((sum, { weight = 0 }) => sum + weight, 0);
  const index = place.findIndex(({ weight = 0 }) => {
    left -= weight;
    return left < 0;
  });
  return index < 1 ? place : [...place.slice(index, index + 1), ...place.toSpliced(index, 1)];
};

/** Conditions of the policy, compiled: as many as it has. */
const compiled = new Map<string, CelProgram>();

/** One that fails does not hold. */
const holds = (when: string, route: CompiledLlmRoute, asked: ModelCall | string, provider: string): boolean => {
  if (typeof asked === 'string') return false;
  const program = compiled.get(when) ?? compileCel(when, { result: 'bool' });
  compiled.set(when, program);
  try {
    return program.evaluate(callVariables(route, asked, provider)) === true;
  } catch {
    return false;
  }
};
