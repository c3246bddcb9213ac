import { describe, expect, test } from '@jest/globals';
import { compilePolicy } from '../../config/compile.ts';
import { loadGatewayConfig } from '../../config/load.ts';

const AGENT = 'inbound: claims-as-headers, claims: { sub: Sub }, obo: { issuer: gatehouse }';

const policy = (agentCore: string, kind = 'okta', issuer = 'https://okta.example/oauth2/default/'): string => `
name: g
identity:
  providers:
    okta: { kind: ${kind}, issuer: ${issuer}, audiences: [api://default, api://other] }
credentials: { k: {} }
defaults: { authorization: { default: allow } }
llm:
  providers: { openai: { kind: openai, credential: k } }
  models: { smart: [openai/gpt-4o] }
  routes: { /v1: { models: [smart] } }
mcp:
  servers: { a: { url: https://a.example/mcp } }
  routes: { /mcp: { servers: [a] }, /open/mcp: { servers: [a], auth: none } }
agents:
  here: { runtime: { source: agent }, ${AGENT} }
  elsewhere: { runtime: { arn: "arn:aws:bedrock-agentcore:eu-central-1:111122223333:runtime/e-Ab12Cd34Ef" }, ${AGENT} }
deployment: { agentCore: { ${agentCore} } }
`;

const load = (text: string) => loadGatewayConfig(text, { file: 'gateway.yaml', env: {} });

const problemsOf = (agentCore: string): string => {
  try {
    load(policy(agentCore));
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

const compiled = (...given: Parameters<typeof policy>) => compilePolicy(load(policy(...given)).config).agentCore;

const PROVIDER = 'credentialProvider: { exchange: okta, clientId: 0oa1 }';
const GATEWAY = 'gateway: { route: /mcp, scopes: ["mcp:read"] }';

describe('deployment.agentCore', () => {
  test('is a client of an identity provider, and a gateway whose callers’ tokens it exchanges', () => {
    expect(compiled(`${PROVIDER}, ${GATEWAY}`)).toEqual({
      credentialProvider: {
        issuer: 'https://okta.example/oauth2/default',
        grant: 'token-exchange',
        clientId: '0oa1',
        agents: [],
      },
      gateway: {
        route: '/mcp',
        audiences: ['api://default', 'api://other'],
        audience: 'api://default',
        scopes: ['mcp:read'],
      },
    });
    const other = 'gateway: { route: /mcp, audience: api://other, scopes: [x] }';
    expect(compiled(`${PROVIDER}, ${other}`)?.gateway?.audience).toBe('api://other');
    expect(compiled('credentialProvider: { exchange: okta, clientId: 0oa1, agents: [here] }')).toMatchObject({
      credentialProvider: { agents: ['here'] },
    });
  });

  test('exchanges at Entra as Entra does', () => {
    const tenant = 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0';
    expect(compiled(PROVIDER, 'entra', tenant)).toMatchObject({
      credentialProvider: { issuer: tenant, grant: 'jwt-bearer' },
    });
  });

  test('is none of it where the policy says nothing', () => {
    expect(compiled('')).toBeUndefined();
  });

  test.each([
    ['credentialProvider: { exchange: otka, clientId: x }', 'no identity provider otka under identity.providers'],
    ['credentialProvider: { exchange: okta }', 'missing key clientId in deployment.agentCore.credentialProvider'],
    ['credentialProvider: { exchange: okta, clientId: x, agents: [her] }', 'no agent her under agents'],
    ['credentialProvider: { exchange: okta, clientId: x, agents: [elsewhere] }', 'elsewhere is deployed elsewhere'],
    [GATEWAY, 'deployment.agentCore.gateway: needs credentialProvider beside it'],
    [`${PROVIDER}, gateway: { route: /mpc, scopes: [x] }`, 'no MCP route /mpc under mcp.routes'],
    [`${PROVIDER}, gateway: { route: /v1, scopes: [x] }`, 'no MCP route /v1 under mcp.routes'],
    [`${PROVIDER}, gateway: { route: /open/mcp, scopes: [x] }`, '/open/mcp asks nobody who they are'],
    [`${PROVIDER}, gateway: { route: /mcp }`, 'missing key scopes in deployment.agentCore.gateway'],
    [
      `${PROVIDER}, gateway: { route: /mcp, scopes: [x], audience: api://defalt }`,
      'the gateway takes no token for it: expected one of api://default, api://other',
    ],
    [`${PROVIDER}, gatway: {}`, 'gateway'],
  ])('%s is refused: %s', (agentCore, message) => {
    expect(problemsOf(agentCore)).toContain(message);
  });
});
