import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { compilePolicy } from '../../config/compile.ts';
import type { CompiledAgent } from '../../config/compiled-agents.ts';
import { loadGatewayConfig } from '../../config/load.ts';
import { createSignRequest } from '../../lambda/aws/sign-request.ts';
import type { PolicyDocument } from '../../local/agentcore/resource-policy.ts';
import type { RuntimeProperties } from '../../local/agentcore/runtime.ts';
import { runtimeProperties } from '../../local/agentcore/runtime-properties.ts';
import { startAgentCore } from '../../local/agentcore/start-agentcore.ts';
import { type Resource, type Synthesized, synthesize } from '../support/synth.ts';

/** What is deployed, put into the stand-in of AgentCore: what `npm start` shows is what an account gets. */

const URL_OF_API = 'https://gateway.test/prod';
const ACCOUNT = '123456789012';

let stack: Synthesized;
beforeAll(() => {
  stack = synthesize();
}, 60_000);
afterAll(() => stack.remove());

const { config } = loadGatewayConfig(readFileSync('gateway.yaml', 'utf8'), { file: 'gateway.yaml', env: {} });
const policy = compilePolicy(config);
const AGENTS = policy.agents.map((agent) => [agent.name, agent] as const);

/** What CloudFormation fills in. ARNs by logical ids. */
const attribute = (id: string, name: string): string => {
  const type = stack.template.Resources[id]?.Type;
  if (type === 'AWS::IAM::Role') return `arn:aws:iam::${ACCOUNT}:role/${id}`;
  if (type === 'AWS::BedrockAgentCore::Runtime' && name === 'AgentRuntimeArn')
    return `arn:aws:bedrock-agentcore:us-east-1:${ACCOUNT}:runtime/${id}`;
  throw new Error(`nothing fills in ${id}.${name}`);
};

const PSEUDO: Readonly<Record<string, string>> = { 'AWS::Partition': 'aws', 'AWS::AccountId': ACCOUNT };

const filledIn = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(filledIn);
  if (typeof value !== 'object' || value === null) return value;
  const { Ref, 'Fn::GetAtt': got, 'Fn::Join': join } = value as Record<string, unknown>;
  if (typeof Ref === 'string') return PSEUDO[Ref] ?? `<${Ref}>`;
  if (Array.isArray(got)) return attribute(String(got[0]), String(got[1]));
  if (Array.isArray(join))
    return (join[1] as unknown[])
      .map(filledIn)
      .join(String(join[0]))
      .replaceAll(/https:\/\/<GatehouseApi\w+>\.execute-api\.<AWS::Region>\.<AWS::URLSuffix>\/prod/g, URL_OF_API);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filledIn(item)]));
};

const deployed = (agent: string) => {
  const [id, { Properties }] = stack
    .ofType('AWS::BedrockAgentCore::Runtime')
    .find(([, one]) => one.Properties.EnvironmentVariables.AGENT_NAME === agent) as readonly [string, Resource];
  const arn = attribute(id, 'AgentRuntimeArn');
  const properties = filledIn(Properties) as RuntimeProperties;
  const policies = stack
    .ofType('AWS::BedrockAgentCore::ResourcePolicy')
    .map(([, one]) => filledIn(one.Properties) as { readonly ResourceArn: string; readonly Policy: string })
    .filter(({ ResourceArn }) => ResourceArn === arn);
  return { arn, properties, policies };
};

describe.each(AGENTS)('the runtime of %s', (name, agent: CompiledAgent) => {
  test('is the one that runs on this machine, property by property', () => {
    const { properties } = deployed(name);
    const here = runtimeProperties(agent, {
      hasTokens: true,
      issuer: URL_OF_API,
      gatewayUrl: URL_OF_API,
      identity: policy.identity,
    });
    const { AuthorizerConfiguration, RequestHeaderConfiguration, ProtocolConfiguration, EnvironmentVariables } =
      properties;
    expect({
      ...(AuthorizerConfiguration === undefined ? {} : { AuthorizerConfiguration }),
      RequestHeaderConfiguration,
      ProtocolConfiguration,
      EnvironmentVariables,
    }).toEqual(here);
  });
});

const signed = AGENTS.filter(([, { inbound }]) => inbound.type !== 'obo');

describe.each(signed)('invoked directly, %s', (name) => {
  const GATEWAY = { accessKeyId: 'AKIAGATEWAY', secretAccessKey: 'g' };
  const OTHER = { accessKeyId: 'AKIAOTHER', secretAccessKey: 'o' };

  const invoke = async (as: typeof GATEWAY, action = 'bedrock-agentcore:InvokeAgentRuntime') => {
    const { arn, properties, policies } = deployed(name);
    expect(policies).toHaveLength(1);
    const resourcePolicy: PolicyDocument = JSON.parse(policies[0]?.Policy ?? '');
    const role = stack
      .ofType('AWS::IAM::Role')
      .map(([id]) => id)
      .find((id) => id.includes('AgentsFunctionHandlerRole'));
    let reached = 0;
    const core = await startAgentCore({
      port: 0,
      runtimes: [
        {
          arn,
          properties,
          resourcePolicy,
          qualifiers: ['live'],
          container: async () => {
            reached++;
            return Response.json({});
          },
        },
      ],
      credentials: {
        // Its own policies allow both of them everything: what denies is the runtime's.
        [GATEWAY.accessKeyId]: {
          secretAccessKey: GATEWAY.secretAccessKey,
          principalArn: `arn:aws:iam::${ACCOUNT}:role/${role}`,
          allowedActions: [action],
        },
        [OTHER.accessKeyId]: {
          secretAccessKey: OTHER.secretAccessKey,
          principalArn: `arn:aws:iam::${ACCOUNT}:role/Admin`,
          allowedActions: [action],
        },
      },
      clock: () => Date.now(),
    });
    const sign = createSignRequest({ region: 'us-east-1', credentials: () => as, clock: () => Date.now() });
    const url = `${core.endpoint}/runtimes/${encodeURIComponent(arn)}/invocations?qualifier=live`;
    const headers = { 'content-type': 'application/json' };
    const request = await sign({ method: 'POST', url, headers, body: '{}' }, 'bedrock-agentcore', 'us-east-1');
    const answer = await fetch(request.url, { method: 'POST', headers: request.headers, body: '{}' });
    const text = await answer.text();
    await core.close();
    return { status: answer.status, error: answer.headers.get('x-amzn-errortype'), text, reached };
  };

  test('takes the function for agents', async () => {
    expect(await invoke(GATEWAY)).toEqual({ status: 200, error: null, text: '{}', reached: 1 });
  });

  test('denies every other role of the account, whatever its own policies allow', async () => {
    expect(await invoke(OTHER)).toEqual({
      status: 403,
      error: 'AccessDeniedException',
      // Not because of the signature, which is good.
      text: expect.stringMatching(/not authorized/i),
      reached: 0,
    });
  });
});
