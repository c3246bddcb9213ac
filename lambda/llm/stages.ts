import type { CelVariables } from '../../config/cel.ts';
import type { CompiledLlm, CompiledLlmRoute } from '../../config/compiled.ts';
import type { Call } from '../core/call.ts';
import type { UnreadEmbeddings } from '../core/embeddings.ts';
import type { LlmCall, LlmReply } from '../core/llm.ts';
import type { Handle, Stage } from '../core/pipeline.ts';
import { Refusal } from '../core/refusal.ts';
import { authorize, createDecide } from '../policy/authorize.ts';
import { enrich } from '../policy/enrich.ts';
import { prepareLimit, rateLimits } from '../policy/rate-limits.ts';
import { variablesOf } from '../policy/variables.ts';
import { callVariables } from './call-variables.ts';
import { modelAuthorization } from './model-authorization.ts';
import type { LlmPorts } from './ports.ts';
import { promptCaching } from './prompt-caching.ts';
import { serverState } from './server-state.ts';
import { servesEmbeddings } from './serves-embeddings.ts';
import { targetsOf } from './targets.ts';
import { addMessages } from './wire/add-messages.ts';

/** What every LLM call goes through on its way to a provider, in this order. Cheap refusals come first. */
export const llmStages = (
  llm: CompiledLlm,
  route: CompiledLlmRoute,
  ports: LlmPorts,
): readonly Stage<LlmCall, LlmReply>[] => {
  const variables = llmVariables<LlmCall>(llm, route);
  return [
    authorize(createDecide(route.authorization), variables),
    servedModels<LlmCall, LlmReply>(llm, route),
    modelAuthorization(llm, route, variables),
    wellFormed,
    serverState(llm, route),
    rateLimits(ports.counter, route.rateLimits.map(prepareLimit), route.limitsFailure, ports.clock, variables),
    enrich(route.enrich, addMessages, ports.clock),
    promptCaching(route.promptCaching),
  ];
};

/** The prompt is read here: after authorization, because reading costs, and before limits, because a mistake does not count (R142). */
const wellFormed: Stage<LlmCall, LlmReply> = async (call, next) => next({ ...call, prompt: call.prompt });

/** The same for a call that names no model: a list of them. */
export const listStages = <Reply>(route: CompiledLlmRoute, ports: LlmPorts): readonly Stage<Call, Reply>[] => {
  const variables = (call: Call): CelVariables =>
    variablesOf(call, {
      llm: { model: '', provider: route.provider ?? '', stream: false, route: route.path, surface: 'models' },
    });
  return [
    authorize(createDecide(route.authorization), variables),
    rateLimits(ports.counter, route.rateLimits.map(prepareLimit), route.limitsFailure, ports.clock, variables),
  ];
};

/** The same for vectors. */
export const embeddingsStages = <Reply>(
  llm: CompiledLlm,
  route: CompiledLlmRoute,
  ports: LlmPorts,
): readonly Stage<UnreadEmbeddings, Reply>[] => {
  const variables = llmVariables<UnreadEmbeddings>(llm, route);
  return [
    authorize(createDecide(route.authorization), variables),
    servedModels<UnreadEmbeddings, Reply>(llm, route),
    modelAuthorization(llm, route, variables),
    servesEmbeddings(llm, route),
    wellAsked,
    rateLimits(ports.counter, route.rateLimits.map(prepareLimit), route.limitsFailure, ports.clock, variables),
  ];
};

/** As `wellFormed`. */
const wellAsked = <Reply>(call: UnreadEmbeddings, next: Handle<UnreadEmbeddings, Reply>): Promise<Reply> =>
  next({ ...call, asked: call.asked });

/** After authorization, so that strangers can't try names; before limits, so that a typo costs nothing (R142). */
const servedModels =
  <C extends LlmCall | UnreadEmbeddings, Reply>(llm: CompiledLlm, route: CompiledLlmRoute): Stage<C, Reply> =>
  async (call, next) => {
    if (targetsOf(llm, route, call).length === 0) throw new Refusal('model_not_found', {}, { param: 'model' });
    return next(call);
  };

const llmVariables =
  <C extends LlmCall | UnreadEmbeddings>(llm: CompiledLlm, route: CompiledLlmRoute) =>
  (call: C): CelVariables =>
    callVariables(route, call, targetsOf(llm, route, call)[0]?.provider ?? '');
