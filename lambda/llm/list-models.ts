import type { CompiledLlmRoute, CompiledPolicy } from '../../config/compiled.ts';
import type { Call } from '../core/call.ts';
import { pipeline } from '../core/pipeline.ts';
import { writeOpenAiRefusal } from '../core/write-refusal.ts';
import { listUpstreamModels } from '../providers/list-upstream-models.ts';
import type { ListedModel } from '../providers/provider.ts';
import type { LlmPorts } from './ports.ts';
import { observed, type Serve } from './serve.ts';
import { listStages } from './stages.ts';

/** `GET models`: the aliases of a route that has aliases, the provider's own list on a route that has a provider. */
export const listModels = (policy: CompiledPolicy, route: CompiledLlmRoute, ports: LlmPorts): Serve => {
  const handle = pipeline<Call, readonly ListedModel[]>(listStages(route, ports), (call) =>
    modelsOf(policy, route, call, ports),
  );
  return observed(policy, route, 'models', writeOpenAiRefusal, ports, async (_request, call) => {
    const data = (await handle(call)).map(({ id, created, ownedBy }) => ({
      id,
      object: 'model',
      created,
      owned_by: ownedBy,
    }));
    return Response.json({ object: 'list', data }, { headers: { 'cache-control': 'no-store' } });
  });
};

const modelsOf = async (
  policy: CompiledPolicy,
  route: CompiledLlmRoute,
  call: Call,
  ports: LlmPorts,
): Promise<readonly ListedModel[]> => {
  const config = route.provider === undefined ? undefined : policy.llm.providers[route.provider];
  if (config !== undefined) return listUpstreamModels(config, ports, call.signal);
  return (route.models ?? []).map((id) => ({ id, created: 0, ownedBy: policy.name }));
};
