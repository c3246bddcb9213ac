import type { CompiledLlm, CompiledLlmRoute, ModelTarget } from '../../config/compiled.ts';

/** Who may answer a call on a route, in the order in which they are asked. Empty: the route does not serve the model. */
export const targetsOf = (llm: CompiledLlm, route: CompiledLlmRoute, model: string): readonly ModelTarget[] => {
  if (route.provider !== undefined) return [{ provider: route.provider, model }, ...route.fallbacks];
  const alias =
    route.models?.includes(model) === true && Object.hasOwn(llm.models, model) ? llm.models[model] : undefined;
  return alias === undefined ? [] : [...alias, ...route.fallbacks];
};
