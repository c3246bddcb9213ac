import { describe, expect, test } from '@jest/globals';
import type { CompiledAgent } from '../../config/compiled-agents.ts';
import { OWN_CLIENT } from '../../config/compiled-tokens.ts';
import { agentEnvironment, forwardedHeaders, trustedBy } from '../../lib/agent-properties.ts';
import { OWN_CLIENT as DEPLOYED } from '../../lib/own-client.ts';

const ISSUER = 'https://gateway.example/prod';

const agent = (changed: Partial<CompiledAgent>): CompiledAgent =>
  ({
    name: 'copilot',
    path: '/agents/copilot',
    auth: 'strict',
    authorization: { rules: [], otherwise: 'deny' },
    limits: [],
    protocol: 'http',
    isDefault: true,
    runtime: { type: 'source', folder: 'agent' },
    inbound: { type: 'obo' },
    model: 'smart',
    reaches: {},
    timeouts: { connectMs: 1, firstByteMs: 1, idleMs: 1 },
    newSessionsPerSecond: 20,
    ...changed,
  }) as CompiledAgent;

const provider = {
  issuer: 'provider',
  provider: 'okta',
  kind: 'okta',
  tokenUrl: 'https://okta.example/v1/token',
  providerIssuer: 'https://okta.example/',
  audience: 'api://copilot',
  scopes: [],
  client: 'okta-client',
  clientClaim: { name: 'cid', value: '0oaGateway' },
  grant: 'token-exchange',
} as const;

describe('who is trusted by a runtime', () => {
  test('is the issuer of the policy, if it names one, and its discovery document', () => {
    const obo = { issuer: 'gatehouse', actor: 'bot', subjectClaims: [], lifetimeSeconds: 300 } as const;
    expect(trustedBy(agent({ obo }), ISSUER)).toEqual({
      discoveryUrl: `${ISSUER}/.well-known/openid-configuration`,
      audience: `${ISSUER}/agents/copilot`,
      claim: { name: 'agent_id', value: 'bot' },
    });
  });

  test('is an identity provider, whose document is found without a second slash; and no scope where none is asked for', () => {
    expect(trustedBy(agent({ obo: provider }), ISSUER)).toEqual({
      discoveryUrl: 'https://okta.example/.well-known/openid-configuration',
      audience: 'api://copilot',
      claim: { name: 'cid', value: '0oaGateway' },
    });
  });

  test('is never a person with a token of their own: without the client that exchanges it is a bug', () => {
    const { clientClaim: _, ...anybody } = provider;
    expect(() => trustedBy(agent({ obo: anybody }), ISSUER)).toThrow('agents.copilot: inbound obo without the client');
  });

  test('is nobody by a token in IAM mode, whoever makes the token that the agent uses', () => {
    expect(trustedBy(agent({ inbound: { type: 'jwt-passthrough' }, obo: provider }), ISSUER)).toBeUndefined();
  });

  test('is never everybody: JWT mode without a token to trust is a bug', () => {
    expect(() => trustedBy(agent({}), ISSUER)).toThrow('agents.copilot: inbound obo without a token');
  });
});

test('claims travel with the token on behalf of the caller where there is one', () => {
  const inbound = { type: 'claims-as-headers', claims: { sub: 'Sub' } } as const;
  expect(forwardedHeaders(agent({ inbound, obo: provider }))).toEqual([
    'X-Amzn-Bedrock-AgentCore-Runtime-Custom-Sub',
    'X-Amzn-Bedrock-AgentCore-Runtime-Custom-Obo-Token',
  ]);
});

test('an agent that reaches nothing is told of nothing', () => {
  expect(agentEnvironment(agent({}), ISSUER, { providers: [], apiKeys: [] }, ISSUER)).toEqual({
    AGENT_NAME: 'copilot',
    INBOUND: 'obo',
    MODEL: 'smart',
  });
});

test('the deployment knows the own client by the name that the policy gives it', () => {
  expect(DEPLOYED).toBe(OWN_CLIENT);
});
