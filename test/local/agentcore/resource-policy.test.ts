import { describe, expect, test } from '@jest/globals';
import { decide, type Statement } from '../../../local/agentcore/resource-policy.ts';

const ROLE = 'arn:aws:iam::123456789012:role/agents';
const ARN = 'arn:aws:bedrock-agentcore:eu-central-1:123456789012:runtime/copilot-abc';
const ACTION = 'bedrock-agentcore:InvokeAgentRuntime';

const allow: Statement = { Effect: 'Allow', Principal: { AWS: ROLE }, Action: ACTION, Resource: ARN };
const decideOn = (...Statement: Statement[]) =>
  decide({ Statement }, { principalArn: ROLE, action: ACTION, resource: ARN });

describe('a resource policy', () => {
  test.each<[string, Partial<Statement>, string]>([
    ['of this role', {}, 'allow'],
    ['of another role', { Principal: { AWS: `${ROLE}-2` } }, 'silent'],
    ['of the account', { Principal: { AWS: ['arn:aws:iam::123456789012:root'] } }, 'allow'],
    ['of another account', { Principal: { AWS: 'arn:aws:iam::210987654321:root' } }, 'silent'],
    ['of everybody', { Principal: { AWS: '*' } }, 'allow'],
    ['to do all', { Action: ['bedrock-agentcore:*'] }, 'allow'],
    ['to do it in another case', { Action: 'Bedrock-AgentCore:invokeAgentRuntime' }, 'allow'],
    ['to do more than this', { Action: `${ACTION}ForUser` }, 'silent'],
    ['on all runtimes', { Resource: 'arn:aws:bedrock-agentcore:*:123456789012:runtime/*' }, 'allow'],
    ['on another runtime', { Resource: `${ARN}d` }, 'silent'],
    ['if it is this role', { Condition: { ArnEquals: { 'aws:PrincipalArn': ROLE } } }, 'allow'],
    [
      'if it is one of these',
      { Condition: { ArnLike: { 'AWS:principalarn': ['x', `${ROLE.slice(0, -1)}*`] } } },
      'allow',
    ],
    ['if it is not this role', { Condition: { ArnNotEquals: { 'aws:PrincipalArn': ROLE } } }, 'silent'],
    ['if it is not one of these', { Condition: { ArnNotEquals: { 'aws:PrincipalArn': ['x', ROLE] } } }, 'silent'],
    [
      'if both hold',
      { Condition: { ArnEquals: { 'aws:PrincipalArn': ROLE }, StringLike: { 'aws:PrincipalArn': 'x*' } } },
      'silent',
    ],
  ])('that allows %s says %s', (_what, more, decision) => {
    expect(decideOn({ ...allow, ...more })).toBe(decision);
  });

  test('denies, whatever else it allows and in which order', () => {
    const deny: Statement = { ...allow, Effect: 'Deny', Principal: '*' };
    expect([decideOn(allow, deny), decideOn(deny, allow)]).toEqual(['deny', 'deny']);
  });

  test.each([{ Bool: { 'aws:PrincipalArn': 'x' } }, { ArnEquals: { 'aws:SourceArn': 'x' } }])(
    'with a condition that is not known here decides nothing: %j',
    (Condition) => {
      expect(() =>
        decideOn({ ...allow, Condition: Condition as unknown as NonNullable<Statement['Condition']> }),
      ).toThrow('not known here');
    },
  );
});
