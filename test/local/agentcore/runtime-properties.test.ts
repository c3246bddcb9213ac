import { describe, expect, test } from '@jest/globals';
import { readSettings } from '../../../agent/settings.ts';
import type { CompiledAgent } from '../../../config/compiled-agents.ts';
import { readAllowlist } from '../../../local/agentcore/forwarded-headers.ts';
import { runtimeProperties } from '../../../local/agentcore/runtime-properties.ts';
import { provider } from '../../lambda/identity/issuer.ts';
import { CUSTOM } from './stand-in.ts';

const agent = (more: Partial<CompiledAgent> = {}): CompiledAgent => ({
  path: '/agents/copilot',
  auth: 'strict',
  authorization: { allow: [], deny: [], require: [], default: 'deny' },
  rateLimits: [],
  limitsFailure: 'closed',
  name: 'copilot',
  protocol: 'http',
  isDefault: true,
  runtime: { type: 'source', folder: 'agent', qualifier: 'live' },
  inbound: { type: 'obo' },
  obo: { issuer: 'gatehouse', actor: 'devops', subjectClaims: [], lifetimeSeconds: 300 },
  model: 'smart',
  reaches: { llm: '/v1', mcp: '/mcp' },
  timeouts: { connectMs: 1, firstByteMs: 1, idleMs: 1 },
  newSessionsPerSecond: 20,
  ...more,
});

const place = {
  issuer: 'https://gateway.example/prod',
  hasTokens: false,
  gatewayUrl: 'https://gateway.example/prod',
  identity: { providers: [provider('https://idp.example', { jwksUri: 'https://idp.example/keys' })], apiKeys: [] },
};

const ENVIRONMENT = {
  AGENT_NAME: 'copilot',
  MODEL: 'smart',
  LLM_URL: 'https://gateway.example/prod/v1',
  MCP_URL: 'https://gateway.example/prod/mcp',
};

describe('the properties of a runtime', () => {
  test("of an agent with the gateway's tokens ask for its audience and the agent's own id", () => {
    expect(runtimeProperties(agent(), place)).toEqual({
      AuthorizerConfiguration: {
        CustomJWTAuthorizer: {
          DiscoveryUrl: 'https://gateway.example/prod/.well-known/openid-configuration',
          AllowedAudience: ['https://gateway.example/prod/agents/copilot'],
          CustomClaims: [
            {
              InboundTokenClaimName: 'agent_id',
              InboundTokenClaimValueType: 'STRING',
              AuthorizingClaimMatchValue: {
                ClaimMatchOperator: 'EQUALS',
                ClaimMatchValue: { MatchValueString: 'devops' },
              },
            },
          ],
        },
      },
      RequestHeaderConfiguration: { RequestHeaderAllowlist: ['Authorization'] },
      ProtocolConfiguration: 'HTTP',
      EnvironmentVariables: { ...ENVIRONMENT, INBOUND: 'obo' },
    });
  });

  test("of an agent with an identity provider's tokens ask for audience, one scope and the claim of the client that exchanges, never for a list of clients", () => {
    const obo: CompiledAgent['obo'] = {
      issuer: 'provider',
      provider: 'okta',
      kind: 'okta',
      tokenUrl: 'https://idp.example/v1/token',
      providerIssuer: 'https://idp.example/',
      audience: 'api://agents',
      scopes: ['agents:call', 'more'],
      client: 'okta-client',
      clientClaim: { name: 'cid', value: '0oaGateway' },
      grant: 'token-exchange',
    };
    expect(runtimeProperties(agent({ obo }), place).AuthorizerConfiguration?.CustomJWTAuthorizer).toEqual({
      DiscoveryUrl: 'https://idp.example/.well-known/openid-configuration',
      AllowedAudience: ['api://agents'],
      AllowedScopes: ['agents:call'],
      CustomClaims: [
        {
          InboundTokenClaimName: 'cid',
          InboundTokenClaimValueType: 'STRING',
          AuthorizingClaimMatchValue: {
            ClaimMatchOperator: 'EQUALS',
            ClaimMatchValue: { MatchValueString: '0oaGateway' },
          },
        },
      ],
    });
    const without = runtimeProperties(agent({ obo: { ...obo, scopes: [] } }), place);
    expect(without.AuthorizerConfiguration?.CustomJWTAuthorizer).not.toHaveProperty('AllowedScopes');
  });

  test("of an agent that verifies the caller's token have no authorizer, and the issuers it trusts", () => {
    const properties = runtimeProperties(agent({ inbound: { type: 'jwt-passthrough' } }), place);
    expect(properties).toEqual({
      RequestHeaderConfiguration: { RequestHeaderAllowlist: [`${CUSTOM}User-Jwt`, `${CUSTOM}Obo-Token`] },
      ProtocolConfiguration: 'HTTP',
      EnvironmentVariables: {
        ...ENVIRONMENT,
        INBOUND: 'jwt-passthrough',
        TRUSTED_ISSUERS: JSON.stringify([
          {
            issuer: 'https://idp.example',
            audiences: ['api://default'],
            jwksUri: 'https://idp.example/keys',
            kind: 'okta',
          },
        ]),
      },
    });
  });

  test('trust the gateway too where it makes tokens: other agents call with them', () => {
    const properties = runtimeProperties(agent({ inbound: { type: 'jwt-passthrough' } }), {
      ...place,
      hasTokens: true,
    });
    const trusted: unknown[] = JSON.parse(properties.EnvironmentVariables?.TRUSTED_ISSUERS ?? '');
    expect(trusted[1]).toEqual({
      issuer: 'https://gateway.example/prod',
      audiences: ['https://gateway.example/prod'],
      kind: 'gatehouse',
    });
  });

  test('of an agent that is told claims list their headers', () => {
    const inbound = { type: 'claims-as-headers', claims: { sub: 'Sub', scopes: 'Scopes' } } as const;
    const properties = runtimeProperties(agent({ inbound, protocol: 'a2a', reaches: { llm: '/v1' } }), place);
    const { MCP_URL: _, ...environment } = ENVIRONMENT;
    expect(properties).toEqual({
      RequestHeaderConfiguration: {
        RequestHeaderAllowlist: [`${CUSTOM}Sub`, `${CUSTOM}Scopes`, `${CUSTOM}Obo-Token`],
      },
      ProtocolConfiguration: 'A2A',
      EnvironmentVariables: {
        ...environment,
        INBOUND: 'claims-as-headers',
        CLAIM_HEADERS: '{"sub":"Sub","scopes":"Scopes"}',
      },
    });
  });

  test.each<CompiledAgent['inbound']>([
    { type: 'obo' },
    { type: 'jwt-passthrough' },
    { type: 'claims-as-headers', claims: { sub: 'Sub' } },
  ])('of every mode are what AgentCore and the agent take: %j', (inbound) => {
    const properties = runtimeProperties(agent({ inbound }), place);
    expect(readAllowlist(properties).length).toBeGreaterThan(0);
    expect(readSettings(properties.EnvironmentVariables ?? {}).inbound).toBe(inbound.type);
  });
});
