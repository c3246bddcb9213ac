import { describe, expect, test } from '@jest/globals';
import type { CompiledLlm, CompiledLlmProvider, CompiledLlmRoute } from '../../config/compiled.ts';
import { BEDROCK_ACTIONS, bedrockGrants } from '../../lib/bedrock-resources.ts';

const HERE = { partition: 'aws', region: 'eu-central-1', account: '123456789012' };

const provider = (more: Partial<CompiledLlmProvider> = {}): CompiledLlmProvider => ({
  name: 'bedrock',
  kind: 'bedrock',
  baseUrl: 'https://bedrock-runtime.{region}.amazonaws.com',
  timeouts: { connectMs: 1, firstByteMs: 1, idleMs: 1 },
  ...more,
});

const route = (more: Partial<CompiledLlmRoute>): CompiledLlmRoute => ({
  path: '/v1',
  basePath: '/v1',
  auth: 'strict',
  authorization: { allow: [], deny: [], require: [], default: 'deny' },
  rateLimits: [],
  limitsFailure: 'closed',
  fallbacks: [],
  ...more,
});

const policy = (
  models: Record<string, readonly string[]>,
  routes: readonly CompiledLlmRoute[],
  providers: readonly CompiledLlmProvider[] = [provider()],
): CompiledLlm => ({
  endpoints: [],
  providers: Object.fromEntries(providers.map((each) => [each.name, each])),
  models: Object.fromEntries(
    Object.entries(models).map(([alias, targets]) => [
      alias,
      {
        targets: targets.map((target) => {
          const slash = target.indexOf('/');
          return { provider: target.slice(0, slash), model: target.slice(slash + 1) };
        }),
      },
    ]),
  ),
  routes,
});

/** What one model of an alias needs. */
const grantsOf = (model: string, more: Partial<CompiledLlmProvider> = {}) =>
  bedrockGrants(policy({ smart: [`bedrock/${model}`] }, [route({ models: ['smart'] })], [provider(more)]), HERE);

const foundation = (region: string, id: string) => `arn:aws:bedrock:${region}::foundation-model/${id}`;
const profile = (id: string, region = 'eu-central-1') =>
  `arn:aws:bedrock:${region}:123456789012:inference-profile/${id}`;

describe('what the llm function may do at Bedrock', () => {
  test('is to ask a model, streamed or not', () => {
    expect(BEDROCK_ACTIONS).toEqual(['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream']);
  });

  test('a foundation model in the Region of the provider, or of the deployment', () => {
    expect(grantsOf('amazon.nova-pro-v1:0')).toEqual([
      { resources: [foundation('eu-central-1', 'amazon.nova-pro-v1:0')] },
    ]);
    expect(grantsOf('amazon.nova-pro-v1:0', { region: 'us-west-2' })).toEqual([
      { resources: [foundation('us-west-2', 'amazon.nova-pro-v1:0')] },
    ]);
  });

  test.each(['us', 'eu', 'apac', 'jp', 'au', 'us-gov', 'global'])(
    'a profile of %s, and its model in every Region, only through it',
    (place) => {
      const model = 'anthropic.claude-sonnet-4-5-20250929-v1:0';
      expect(grantsOf(`${place}.${model}`)).toEqual([
        { resources: [profile(`${place}.${model}`)] },
        { resources: [foundation('*', model)], through: [profile(`${place}.${model}`)] },
      ]);
    },
  );

  test.each([
    'ai21.jamba-1-5-large-v1:0',
    'zai.glm-4.7',
    'deepseek.v3.2',
    'openai.gpt-5.6-terra',
    'meta.llama4-scout-v1:0',
  ])('%s is no profile, for all its dots', (model) => {
    expect(grantsOf(model)).toEqual([{ resources: [foundation('eu-central-1', model)] }]);
  });

  test('ARNs as they are; the model behind an application’s own profile is not known', () => {
    const system = profile('us.anthropic.claude-haiku-4-5-20251001-v1:0', 'us-east-1');
    expect(grantsOf(system)).toEqual([
      { resources: [system] },
      { resources: [foundation('*', 'anthropic.claude-haiku-4-5-20251001-v1:0')], through: [system] },
    ]);
    const own = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123';
    expect(grantsOf(own)).toEqual([{ resources: [own] }, { resources: [foundation('*', '*')], through: [own] }]);
    const provisioned = 'arn:aws:bedrock:us-east-1:123456789012:provisioned-model/xyz';
    expect(grantsOf(provisioned)).toEqual([{ resources: [provisioned] }]);
  });

  test('any model, on a route where callers name the model', () => {
    const profiles = [profile('*'), 'arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/*'];
    expect(bedrockGrants(policy({}, [route({ provider: 'bedrock' })]), HERE)).toEqual([
      { resources: [foundation('eu-central-1', '*'), ...profiles] },
      { resources: [foundation('*', '*')], through: profiles },
    ]);
    const one = bedrockGrants(policy({}, [route({ provider: 'bedrock', model: 'amazon.nova-pro-v1:0' })]), HERE);
    expect(one).toEqual([{ resources: [foundation('eu-central-1', 'amazon.nova-pro-v1:0')] }]);
  });

  test('what a pattern of a route covers', () => {
    const covered = (pattern: string) => bedrockGrants(policy({}, [route({ models: [`bedrock/${pattern}`] })]), HERE);
    expect(covered('us.anthropic.*')).toEqual([
      { resources: [profile('us.anthropic.*')] },
      { resources: [foundation('*', 'anthropic.*')], through: [profile('us.anthropic.*')] },
    ]);
    expect(covered('amazon.nova-*')).toEqual([{ resources: [foundation('eu-central-1', 'amazon.nova-*')] }]);
    expect(covered('*claude*')).toEqual([
      { resources: [foundation('eu-central-1', '*claude*'), profile('*claude*')] },
      { resources: [foundation('*', '*claude*')], through: [profile('*claude*')] },
    ]);
  });

  test('each once, and fallbacks as well', () => {
    const llm = policy({ a: ['bedrock/amazon.nova-pro-v1:0'], b: ['bedrock/amazon.nova-pro-v1:0', 'openai/gpt-4o'] }, [
      route({ models: ['a', 'b'] }),
      route({ path: '/x', provider: 'openai', fallbacks: [{ provider: 'bedrock', model: 'amazon.nova-micro-v1:0' }] }),
    ]);
    expect(bedrockGrants(llm, HERE)).toEqual([
      { resources: [foundation('eu-central-1', 'amazon.nova-pro-v1:0')] },
      { resources: [foundation('eu-central-1', 'amazon.nova-micro-v1:0')] },
    ]);
  });

  test('nothing for an alias that no route offers, a provider with a key, or a policy without Bedrock', () => {
    expect(bedrockGrants(policy({ unused: ['bedrock/amazon.nova-pro-v1:0'] }, [route({ models: [] })]), HERE)).toEqual(
      [],
    );
    expect(grantsOf('amazon.nova-pro-v1:0', { credential: 'bedrock-key' })).toEqual([]);
    const openai = provider({ name: 'openai', kind: 'openai' });
    expect(bedrockGrants(policy({ a: ['openai/gpt-4o'] }, [route({ models: ['a'] })], [openai]), HERE)).toEqual([]);
  });

  test('in the partition of the deployment', () => {
    const llm = policy({ a: ['bedrock/us-gov.anthropic.claude-x'] }, [route({ models: ['a'] })]);
    const arns = JSON.stringify(bedrockGrants(llm, { partition: 'aws-us-gov', region: 'us-gov-west-1', account: '1' }));
    expect(arns).toContain('arn:aws-us-gov:bedrock:us-gov-west-1:1:inference-profile/us-gov.anthropic.claude-x');
    expect(arns).not.toContain('arn:aws:');
  });
});
