import type { CompiledLlm, CompiledLlmProvider, CompiledLlmRoute } from '../../config/compiled.ts';
import type { UnreadEmbeddings } from '../core/embeddings.ts';
import type { Stage } from '../core/pipeline.ts';
import { Refusal } from '../core/refusal.ts';
import { PROVIDERS } from '../providers/registry.ts';
import { targetsOf } from './targets.ts';

/** The provider that comes first decides: a fallback of another model would give vectors that nobody asked for. */
export const servesEmbeddings =
  <Reply>(llm: CompiledLlm, route: CompiledLlmRoute): Stage<UnreadEmbeddings, Reply> =>
  async (call, next) => {
    const first = targetsOf(llm, route, call)[0];
    if (first !== undefined && !embeds(llm.providers[first.provider])) {
      throw new Refusal('surface_not_served', {}, { param: 'model', expected: whoElse(llm) });
    }
    return next(call);
  };

const embeds = (config: CompiledLlmProvider | undefined): boolean =>
  config !== undefined && PROVIDERS[config.kind]?.embeddings !== undefined;

const whoElse = ({ providers }: CompiledLlm): string => {
  const names = Object.values(providers)
    .filter(embeds)
    .map(({ name }) => name);
  return names.length === 0
    ? 'no provider of this gateway serves embeddings'
    : `expected a model of a provider that serves embeddings, which here are ${names.join(', ')}`;
};
