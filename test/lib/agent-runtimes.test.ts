import { expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { compilePolicy } from '../../config/compile.ts';
import { AgentRuntimes } from '../../lib/constructs/agent-runtimes.ts';

const runtimes = (count: number) => {
  const stack = new Stack();
  const agents = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `agent-${i}`,
      {
        runtime: { arn: `arn:aws:bedrock-agentcore:eu-central-1:111122223333:runtime/agent_${i}-Ab12Cd34Ef` },
        inbound: 'jwt-passthrough' as const,
      },
    ]),
  );
  return new AgentRuntimes(stack, 'Agents', {
    policy: compilePolicy({ name: 'test', agents }),
    caller: new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }),
    parameterName: '/gatehouse/test/runtimes',
    issuer: 'https://gateway.example',
    gatewayUrl: 'https://gateway.example',
    after: [],
    credentialProvider: undefined,
  });
};

test('more agents than the parameter can name are refused at synth', () => {
  expect(() => runtimes(20)).not.toThrow();
  expect(() => runtimes(40)).toThrow(/^agents: 40 runtimes take some \d+ characters of a parameter, which holds 4096/);
});
