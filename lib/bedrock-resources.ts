import type { CompiledLlm } from '../config/compiled.ts';

/** What has to be allowed, for the actions in `BEDROCK_ACTIONS`. */
export interface BedrockGrant {
  /** ARNs; `*` in them as IAM has it. */
  readonly resources: readonly string[];
  /** Allowed only as part of a call to one of these inference profiles: the condition `StringLike` `bedrock:InferenceProfileArn`. */
  readonly through?: readonly string[];
}

/** Where the function runs. CDK tokens will do. */
export interface Deployment {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/** Converse needs the first, ConverseStream the second. */
export const BEDROCK_ACTIONS = ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'] as const;

/**
 * What the llm function must be allowed so that the policy's Bedrock models answer, and no more. A route to a provider lets
 * callers name any model.
 *
 * Source: https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html.
 */
export const bedrockGrants = (llm: CompiledLlm, deployment: Deployment): readonly BedrockGrant[] => {
  const grants = Object.values(llm.providers)
    .filter(({ kind, credential }) => kind === 'bedrock' && credential === undefined)
    .flatMap((provider) => {
      const at = { ...deployment, region: provider.region ?? deployment.region };
      return reachableModels(llm, provider.name).flatMap((model) => grantsFor(model, at));
    });
  return [...new Map(grants.map((grant) => [JSON.stringify(grant), grant])).values()];
};

/** What a call can reach, as names of the provider's models; `*` in one stands for anything. */
const reachableModels = (llm: CompiledLlm, provider: string): readonly string[] => {
  const reached = llm.routes.flatMap((route) => {
    if (route.provider === provider) return [route.model ?? '*'];
    const listed = (route.models ?? []).filter((entry) => entry.startsWith(`${provider}/`));
    return listed.map((entry) => entry.slice(provider.length + 1));
  });
  const aliases = llm.routes.flatMap(({ models = [] }) => models.flatMap((entry) => llm.models[entry]?.targets ?? []));
  const targets = [...aliases, ...llm.routes.flatMap(({ fallbacks }) => fallbacks)];
  return [...reached, ...targets.filter((target) => target.provider === provider).map(({ model }) => model)];
};

const grantsFor = (model: string, { partition, region, account }: Deployment): readonly BedrockGrant[] => {
  const own = `arn:${partition}:bedrock:${region}:${account}`;
  const here = `arn:${partition}:bedrock:${region}::foundation-model/${model}`;
  const throughProfiles = (profiles: readonly string[], id: string): BedrockGrant => ({
    resources: [`arn:${partition}:bedrock:*::foundation-model/${id}`],
    through: profiles,
  });
  if (model.startsWith('arn:')) {
    const [, application, id = ''] = /:(application-)?inference-profile\/(.+)$/.exec(model) ?? [];
    if (id === '') return [{ resources: [model] }];
    // An application's own profile does not say which model is behind it.
    return [{ resources: [model] }, throughProfiles([model], application === undefined ? withoutPlace(id) : '*')];
  }
  if (model.startsWith('*')) {
    const profiles = [`${own}:inference-profile/${model}`];
    if (model === '*') profiles.push(`${own}:application-inference-profile/*`);
    return [{ resources: [here, ...profiles] }, throughProfiles(profiles, model)];
  }
  const id = withoutPlace(model);
  if (id === model) return [{ resources: [here] }];
  const profile = `${own}:inference-profile/${model}`;
  return [{ resources: [profile] }, throughProfiles([profile], id)];
};

/**
 * The model of an inference profile: `us.`, `apac.` or `global.` before it say where it may run. That is several Regions, or
 * one without a name, for which the `*` of an ARN stands as well. No maker of models has a name of two letters.
 */
const withoutPlace = (id: string): string => id.replace(/^(?:[a-z]{2}|apac|global|us-gov)\./, '');
