import { describe, expect, test } from '@jest/globals';
import { type Environment, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { compilePolicy } from '../../config/compile.ts';
import { AgentRuntimes } from '../../lib/constructs/agent-runtimes.ts';

type Agents = NonNullable<Parameters<typeof compilePolicy>[0]['agents']>;

const deploy = (agents: Agents, env?: Environment): Stack => {
  const stack = new Stack(undefined, 'Stack', env === undefined ? {} : { env });
  new AgentRuntimes(stack, 'Agents', {
    policy: compilePolicy({ name: 'test', agents }),
    caller: new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }),
    parameterName: '/gatehouse/test/runtimes',
    issuer: 'https://gateway.example',
    gatewayUrl: 'https://gateway.example',
    after: [],
    credentialProvider: undefined,
  });
  return stack;
};

const runtimes = (count: number): Stack => {
  const agents = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `agent-${i}`,
      {
        runtime: { arn: `arn:aws:bedrock-agentcore:eu-central-1:111122223333:runtime/agent_${i}-Ab12Cd34Ef` },
        inbound: 'jwt-passthrough' as const,
      },
    ]),
  );
  return deploy(agents);
};

test('more agents than the parameter can name are refused at synth', () => {
  expect(() => runtimes(20)).not.toThrow();
  expect(() => runtimes(40)).toThrow(/^agents: 40 runtimes take some \d+ characters of a parameter, which holds 4096/);
});

describe('a runtime that runs already and believes headers', () => {
  const runtime = { arn: 'arn:aws:bedrock-agentcore:eu-central-1:111122223333:runtime/a-Ab12Cd34Ef' };
  const believer = { runtime, inbound: 'claims-as-headers' as const, claims: { sub: 'Sub' } };
  const policies = (stack: Stack) => Template.fromStack(stack).findResources('AWS::BedrockAgentCore::ResourcePolicy');

  test('gets the policy that lets nobody else call, once for all its agents', () => {
    const stack = deploy({ a: believer, b: believer }, { account: '111122223333', region: 'eu-central-1' });
    expect(Object.values(policies(stack)).map(({ Properties }) => Properties.ResourceArn)).toEqual([runtime.arn]);
  });

  test.each([
    { account: '444455556666', region: 'eu-central-1' },
    { account: '111122223333', region: 'us-east-1' },
  ])('is refused where the stack is elsewhere, and the policy is shown: %j', (env) => {
    expect(() => deploy({ a: believer }, env)).toThrow(
      /^agents\.a: its runtime is in account 111122223333, eu-central-1, this stack in .*: obo or jwt-passthrough.*"Effect":"Deny"/,
    );
  });

  test('is left as it is where it verifies what it is told', () => {
    const stack = deploy(
      { a: { runtime, inbound: 'jwt-passthrough' } },
      { account: '444455556666', region: 'us-east-1' },
    );
    expect(policies(stack)).toEqual({});
  });
});
