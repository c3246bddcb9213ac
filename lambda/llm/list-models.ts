import type { CompiledLlmRoute, CompiledPolicy } from '../../config/compiled.ts';
import type { Call } from '../core/call.ts';
import { pipeline } from '../core/pipeline.ts';
import { observed, type Serve } from '../http/observed.ts';
import { listUpstreamModels } from '../providers/list-upstream-models.ts';
import type { ListedModel } from '../providers/provider.ts';
import { inCallersStyle } from './in-callers-style.ts';
import { namedModels } from './model-authorization.ts';
import type { LlmPorts } from './ports.ts';
import { listStages } from './stages.ts';
import { writeModels } from './wire/models.ts';

/** `GET models`: the aliases of a route that has aliases, the provider's own list on a route that has a provider. */
export const listModels = (policy: CompiledPolicy, route: CompiledLlmRoute, ports: LlmPorts): Serve => {
  const handle = pipeline<Call, readonly ListedModel[]>(listStages(route, ports), (call) =>
    modelsOf(policy, route, call, ports),
  );
  return inCallersStyle((style, writeRefusal) =>
    observed(policy, route, { name: 'models', writeRefusal }, ports, async (_request, call) => ({
      body: writeModels(await handle(call), style),
    })),
  );
};

const modelsOf = async (
  policy: CompiledPolicy,
  route: CompiledLlmRoute,
  call: Call,
  ports: LlmPorts,
): Promise<readonly ListedModel[]> => {
  const config = route.provider === undefined ? undefined : policy.llm.providers[route.provider];
  if (config !== undefined) return listUpstreamModels(config, ports, call.signal);
  return namedModels(policy.llm, route)(call).map((id) => ({ id, created: 0, ownedBy: policy.name }));
};
