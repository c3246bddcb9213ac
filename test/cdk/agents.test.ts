import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CUSTOM_HEADER, OBO_TOKEN_HEADER, USER_JWT_HEADER } from '../../lambda/core/agent.ts';
import { type Resource, type Synthesized, synthesize } from '../support/synth.ts';

let stack: Synthesized;
let without: Synthesized;
beforeAll(() => {
  stack = synthesize('test/cdk/policy.yaml');
  without = synthesize('test/cdk/policy-models.yaml');
}, 60_000);
afterAll(() => {
  stack.remove();
  without.remove();
});

const CALLER = 'GatehouseAgentsFunctionHandlerRole21C22BBA.Arn';
const TOKENS = 'GatehouseTokenFunctionHandlerRole9AD6C94F.Arn';

/** What CloudFormation makes of a value: references by their names, the API's URL as `URL`. */
const filledIn = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as Record<string, unknown>;
  if (Array.isArray(join)) {
    const text = (join[1] as unknown[]).map(filledIn).join('');
    return text.replaceAll(/https:\/\/GatehouseApi\w+\.execute-api\.AWS::Region\.AWS::URLSuffix\/prod/g, 'URL');
  }
  return Array.isArray(attribute) ? attribute.join('.') : String(Ref);
};

const runtime = (agent: string): Resource['Properties'] => {
  const [found, ...others] = stack
    .ofType('AWS::BedrockAgentCore::Runtime')
    .filter(([, { Properties }]) => Properties.EnvironmentVariables.AGENT_NAME === agent);
  expect(others).toEqual([]);
  return found?.[1].Properties;
};

const idOf = (agent: string): string =>
  stack
    .ofType('AWS::BedrockAgentCore::Runtime')
    .find(([, { Properties }]) => Properties.EnvironmentVariables.AGENT_NAME === agent)?.[0] ?? '';

const authorizer = (agent: string) => runtime(agent).AuthorizerConfiguration?.CustomJWTAuthorizer;

describe('the runtimes', () => {
  test('are those of the agents with a source; the one by its ARN is not deployed', () => {
    const names = stack
      .ofType('AWS::BedrockAgentCore::Runtime')
      .map(([, { Properties }]) => Properties.EnvironmentVariables.AGENT_NAME);
    expect(names).toEqual(['copilot', 'analyst', 'auditor', 'clerk']);
  });

  test('run one artefact, without Docker, each with a role, an endpoint and traces of its own', () => {
    const all = stack.ofType('AWS::BedrockAgentCore::Runtime').map(([, { Properties }]) => Properties);
    expect(new Set(all.map(({ AgentRuntimeArtifact }) => JSON.stringify(AgentRuntimeArtifact))).size).toBe(1);
    const { CodeConfiguration } = all[0]?.AgentRuntimeArtifact ?? {};
    expect(CodeConfiguration).toMatchObject({ EntryPoint: ['main.js'], Runtime: 'NODE_22' });
    expect(new Set(all.map(({ RoleArn }) => filledIn(RoleArn))).size).toBe(4);
    expect(all.map(({ ProtocolConfiguration }) => ProtocolConfiguration)).toEqual(['HTTP', 'HTTP', 'HTTP', 'A2A']);
    for (const { AgentRuntimeName } of all) expect(AgentRuntimeName).toMatch(/^[a-zA-Z][a-zA-Z0-9_]{0,47}$/);
    const endpoints = stack.ofType('AWS::BedrockAgentCore::RuntimeEndpoint').map(([, { Properties }]) => Properties);
    expect(endpoints.map(({ AgentRuntimeId }) => filledIn(AgentRuntimeId))).toEqual(
      ['copilot', 'analyst', 'auditor', 'clerk'].map((agent) => `${idOf(agent)}.AgentRuntimeId`),
    );
    // The one that is called, at the version of this deployment.
    for (const { Name, AgentRuntimeId, AgentRuntimeVersion } of endpoints) {
      expect(Name).toBe('live');
      expect(filledIn(AgentRuntimeVersion)).toBe(
        filledIn(AgentRuntimeId).replace('.AgentRuntimeId', '.AgentRuntimeVersion'),
      );
    }
    expect(stack.ofType('AWS::Logs::DeliverySource').map(([, { Properties }]) => Properties.LogType)).toEqual(
      Array.from({ length: 4 }, () => 'TRACES'),
    );
  });

  test("take the gateway's own tokens for this one agent, with it as the actor", () => {
    const { DiscoveryUrl, AllowedAudience, ...others } = authorizer('copilot');
    expect(filledIn(DiscoveryUrl)).toBe('URL/.well-known/openid-configuration');
    expect(AllowedAudience.map(filledIn)).toEqual(['URL/agents/copilot']);
    expect(others).toEqual({
      CustomClaims: [
        {
          InboundTokenClaimName: 'agent_id',
          InboundTokenClaimValueType: 'STRING',
          AuthorizingClaimMatchValue: {
            ClaimMatchOperator: 'EQUALS',
            ClaimMatchValue: { MatchValueString: 'copilot' },
          },
        },
      ],
    });
  });

  test("take an identity provider's tokens by audience, one scope and the claim of the client that exchanges, never by a list of clients", () => {
    expect(authorizer('analyst')).toEqual({
      DiscoveryUrl: 'https://okta.example/oauth2/default/.well-known/openid-configuration',
      AllowedAudience: ['api://analyst'],
      AllowedScopes: ['analyse'],
      CustomClaims: [
        {
          InboundTokenClaimName: 'cid',
          InboundTokenClaimValueType: 'STRING',
          AuthorizingClaimMatchValue: {
            ClaimMatchOperator: 'EQUALS',
            ClaimMatchValue: { MatchValueString: '0oaAnalyst' },
          },
        },
      ],
    });
  });

  test('take signatures of IAM where the caller is in headers', () => {
    for (const agent of ['auditor', 'clerk']) expect(runtime(agent)).not.toHaveProperty('AuthorizerConfiguration');
  });

  test('are given who calls, in the form of their agent, and no other header', () => {
    const headers = (agent: string) => runtime(agent).RequestHeaderConfiguration.RequestHeaderAllowlist;
    expect(headers('copilot')).toEqual(['Authorization']);
    expect(headers('analyst')).toEqual(['Authorization']);
    expect(headers('auditor')).toEqual([USER_JWT_HEADER, OBO_TOKEN_HEADER]);
    // No token on behalf of anybody: no header for one.
    expect(headers('clerk')).toEqual([`${CUSTOM_HEADER}Sub`, `${CUSTOM_HEADER}Scopes`]);
  });

  test('know where the gateway is and whom to trust, and no secret', () => {
    const environment = (agent: string) => {
      const entries = Object.entries(runtime(agent).EnvironmentVariables);
      return Object.fromEntries(entries.map(([name, value]) => [name, filledIn(value)]));
    };
    const everywhere = { MODEL: 'smart', LLM_URL: 'URL/v1', MCP_URL: 'URL/mcp' };
    expect(environment('copilot')).toEqual({ AGENT_NAME: 'copilot', INBOUND: 'obo', ...everywhere });
    expect(environment('auditor')).toEqual({
      ...everywhere,
      AGENT_NAME: 'auditor',
      CREDENTIAL_PROVIDER: only(PROVIDER)[1].Properties.Name,
      INBOUND: 'jwt-passthrough',
      TRUSTED_ISSUERS:
        '[{"issuer":"https://okta.example/oauth2/default","audiences":["api://default","api://analyst"],"kind":"okta"},{"issuer":"URL","audiences":["URL"],"kind":"gatehouse"}]',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example/otlp',
      OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'false',
    });
    expect(environment('clerk')).toEqual({
      ...everywhere,
      AGENT_NAME: 'clerk',
      INBOUND: 'claims-as-headers',
      CLAIM_HEADERS: '{"sub":"Sub","scopes":"Scopes"}',
    });
  });

  test('are made when the API answers: AgentCore may read the discovery document', () => {
    const [[stage] = []] = stack.ofType('AWS::ApiGateway::Stage');
    const permission = stack.ofType('AWS::Lambda::Permission').find(([id]) => id.includes('ScopedGatehouseToken'));
    for (const [, resource] of stack.ofType('AWS::BedrockAgentCore::Runtime'))
      expect(resource.DependsOn).toEqual(expect.arrayContaining([stage, permission?.[0]]));
  });
});

const BELIEVER = 'arn:aws:bedrock-agentcore:eu-central-1:111122223333:runtime/believer-Ab12Cd34Ef';

describe('the policies of runtimes', () => {
  const policies = () =>
    new Map(
      stack
        .ofType('AWS::BedrockAgentCore::ResourcePolicy')
        .map(([, { Properties }]) => [filledIn(Properties.ResourceArn), JSON.parse(filledIn(Properties.Policy))]),
    );

  test('are there in IAM mode only, and on what runs already where it believes headers', () => {
    expect([...policies().keys()]).toEqual([
      ...['auditor', 'clerk'].map((agent) => `${idOf(agent)}.AgentRuntimeArn`),
      BELIEVER,
    ]);
  });

  test.each([
    ['auditor', 'bedrock-agentcore:InvokeAgentRuntime'],
    ['clerk', ['bedrock-agentcore:GetAgentCard', 'bedrock-agentcore:InvokeAgentRuntime']],
    [BELIEVER, 'bedrock-agentcore:InvokeAgentRuntime'],
  ])('of %s let the agents function call, and deny everybody else', (agent, actions) => {
    const arn = agent === BELIEVER ? BELIEVER : `${idOf(agent)}.AgentRuntimeArn`;
    expect(policies().get(arn)).toEqual({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { AWS: CALLER }, Action: actions, Resource: arn },
        {
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Action: [
            'bedrock-agentcore:GetAgentCard',
            'bedrock-agentcore:InvokeAgentRuntime',
            'bedrock-agentcore:InvokeAgentRuntimeCommand',
            'bedrock-agentcore:InvokeAgentRuntimeForUser',
            'bedrock-agentcore:InvokeAgentRuntimeWithWebSocketStream',
            'bedrock-agentcore:StopRuntimeSession',
          ],
          Resource: arn,
          Condition: { ArnNotEquals: { 'aws:PrincipalArn': CALLER } },
        },
      ],
    });
  });
});

test('the parameter names the runtime of each agent, deployed here or not', () => {
  const [[, parameter] = [], ...others] = stack.ofType('AWS::SSM::Parameter');
  expect(others).toEqual([]);
  // Who reads it calls their endpoints.
  const endpoints = stack.ofType('AWS::BedrockAgentCore::RuntimeEndpoint').map(([id]) => id);
  expect(parameter?.DependsOn).toEqual(expect.arrayContaining(endpoints));
  const { Name, Type, Tier, Value } = parameter?.Properties ?? {};
  expect([Name, Type, Tier]).toEqual(['/gatehouse/test-gateway/runtimes', 'String', 'Standard']);
  expect(JSON.parse(filledIn(Value))).toEqual({
    copilot: `${idOf('copilot')}.AgentRuntimeArn`,
    analyst: `${idOf('analyst')}.AgentRuntimeArn`,
    auditor: `${idOf('auditor')}.AgentRuntimeArn`,
    clerk: `${idOf('clerk')}.AgentRuntimeArn`,
    elsewhere: 'arn:aws:bedrock-agentcore:eu-central-1:111122223333:runtime/elsewhere-Ab12Cd34Ef',
    believer: BELIEVER,
  });
});

describe('the keys of tokens', () => {
  const keys = () => stack.ofType('AWS::KMS::Key');

  test('keep their logical ids when the number moves, and outlive the stack', () => {
    expect(keys().map(([id]) => id)).toEqual([
      'GatehouseTokenKeysKey1C5885E43',
      'GatehouseTokenKeysKey20007F6C7',
      'GatehouseTokenKeysKey3BC566460',
    ]);
    for (const [, { DeletionPolicy, UpdateReplacePolicy, Properties }] of keys()) {
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
      expect([Properties.KeySpec, Properties.KeyUsage]).toEqual(['RSA_2048', 'SIGN_VERIFY']);
    }
  });

  test('are handed over in this order: the one that signs, the next, the one before', () => {
    for (const name of ['Token', 'Agents']) {
      const [, found] = stack.ofType('AWS::Lambda::Function').find(([id]) => id.includes(`${name}Function`)) ?? [];
      expect(JSON.parse(filledIn(found?.Properties.Environment.Variables.SIGNING_KEY_IDS))).toEqual([
        'GatehouseTokenKeysKey20007F6C7',
        'GatehouseTokenKeysKey3BC566460',
        'GatehouseTokenKeysKey1C5885E43',
      ]);
    }
  });

  test('sign for two functions, and only the one whose turn it is; the account only looks after them', () => {
    for (const [id, { Properties }] of keys()) {
      const statements: { Action: string | string[]; Principal: { AWS: unknown }; [key: string]: unknown }[] =
        Properties.KeyPolicy.Statement;
      const [administer, ...others] = statements;
      expect(filledIn(administer?.Principal.AWS)).toBe('arn:AWS::Partition:iam::AWS::AccountId:root');
      expect([administer?.Action].flat()).toEqual(expect.not.arrayContaining(['kms:Sign', 'kms:CreateGrant', 'kms:*']));
      expect([administer?.Action].flat().filter((action) => action?.includes('*'))).toEqual([]);
      const roles = { AWS: [CALLER, TOKENS] };
      const shown = others.map(({ Principal, ...rest }) => ({
        ...rest,
        Principal: { AWS: [Principal.AWS].flat().map(filledIn) },
      }));
      expect(shown).toEqual([
        { Effect: 'Allow', Action: 'kms:GetPublicKey', Principal: roles, Resource: '*' },
        ...(id.includes('Key2')
          ? [
              {
                Effect: 'Allow',
                Action: 'kms:Sign',
                Principal: roles,
                Resource: '*',
                Condition: { StringEquals: { 'kms:SigningAlgorithm': 'RSASSA_PKCS1_V1_5_SHA_256' } },
              },
            ]
          : []),
      ]);
    }
  });
});

test("the gateway's own client has a secret that is made in the account", () => {
  const [[, secret] = [], ...others] = stack
    .ofType('AWS::SecretsManager::Secret')
    .filter(([id]) => id.startsWith('GatehouseOwnClient'));
  expect(others).toEqual([]);
  expect(secret?.Properties).not.toHaveProperty('SecretString');
  expect(secret?.Properties.GenerateSecretString).toEqual({
    SecretStringTemplate: '{"clientId":"gatehouse-mcp"}',
    GenerateStringKey: 'clientSecret',
    PasswordLength: 64,
    ExcludePunctuation: true,
  });
});

test('a policy without agents and tokens deploys none of it', () => {
  const types = new Set(Object.values(without.template.Resources).map(({ Type }) => Type));
  const strangers = [...types].filter((type) => /BedrockAgentCore|KMS|SSM|XRay|Logs::Delivery/.test(type));
  expect(strangers).toEqual([]);
  expect(without.ofType('AWS::Lambda::Function')).toHaveLength(3);
  const paths = without.ofType('AWS::ApiGateway::Resource').map(([, { Properties }]) => Properties.PathPart);
  expect(paths).toEqual(expect.not.arrayContaining(['agents']));
  expect(paths.filter((part) => ['agents', 'a2a', 'invoke', 'oauth2', 'jwks.json'].includes(part))).toEqual([]);
  const secrets = without.ofType('AWS::SecretsManager::Secret').map(([id]) => id);
  expect(secrets.filter((id) => /OwnClient|SessionKey/.test(id))).toEqual([]);
});

const only = (type: string): readonly [string, Resource] => {
  const [found, ...others] = stack.ofType(type);
  expect(others).toEqual([]);
  return found as readonly [string, Resource];
};

const got = (id: string, attribute: string) => ({ 'Fn::GetAtt': [id, attribute] });

const PROVIDER = 'AWS::BedrockAgentCore::OAuth2CredentialProvider';
const GATEWAY = 'AWS::BedrockAgentCore::Gateway';
const TARGET = 'AWS::BedrockAgentCore::GatewayTarget';
const DISCOVERY = 'https://okta.example/oauth2/default/.well-known/openid-configuration';

const outputNamed = (end: string) =>
  Object.entries(stack.template.Outputs).find(([name]) => name.includes(end))?.[1].Value;

const secretOfProvider = (): readonly [string, Resource] => {
  const [found, ...others] = stack
    .ofType('AWS::SecretsManager::Secret')
    .filter(([id]) => id.includes('CredentialProviderClientSecret'));
  expect(others).toEqual([]);
  return found as readonly [string, Resource];
};

describe('the credential provider', () => {
  test('exchanges tokens of callers as its client, at an issuer that is found by discovery', () => {
    const [, { Properties }] = only(PROVIDER);
    const { Name, ...others } = Properties;
    expect(Name).toMatch(/^[a-zA-Z0-9\-_]{1,128}$/);
    expect(others).toEqual({
      CredentialProviderVendor: 'CustomOauth2',
      Oauth2ProviderConfigInput: {
        CustomOauth2ProviderConfig: {
          ClientId: '0oaAgentCore',
          ClientAuthenticationMethod: 'CLIENT_SECRET_BASIC',
          ClientSecretSource: 'EXTERNAL',
          ClientSecretConfig: { SecretId: { Ref: secretOfProvider()[0] }, JsonKey: 'clientSecret' },
          OauthDiscovery: { DiscoveryUrl: DISCOVERY },
          OnBehalfOfTokenExchangeConfig: {
            GrantType: 'TOKEN_EXCHANGE',
            TokenExchangeGrantTypeConfig: { ActorTokenContent: 'NONE' },
          },
        },
      },
    });
  });

  test('has a secret under the key that AgentCore reads, from the first deployment on, and it outlives the stack', () => {
    const [id, secret] = secretOfProvider();
    // Another logical id would be a secret without what somebody put in.
    expect(id).toBe('GatehouseCredentialProviderClientSecret718D0337');
    expect(secret.Properties.GenerateSecretString).toEqual({
      SecretStringTemplate: '{}',
      GenerateStringKey: 'clientSecret',
      ExcludePunctuation: true,
    });
    expect([secret.DeletionPolicy, secret.UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
    expect(outputNamed('CredentialProviderSecret')).toEqual({ Ref: id });
  });

  test('is named to the agents that may use it, and to no other', () => {
    const [, { Properties }] = only(PROVIDER);
    const named = stack
      .ofType('AWS::BedrockAgentCore::Runtime')
      .map(([, runtime]) => runtime.Properties.EnvironmentVariables)
      .filter(({ CREDENTIAL_PROVIDER }) => CREDENTIAL_PROVIDER !== undefined);
    expect(named.map(({ AGENT_NAME, CREDENTIAL_PROVIDER }) => [AGENT_NAME, CREDENTIAL_PROVIDER])).toEqual([
      ['auditor', Properties.Name],
    ]);
  });
});

describe('the managed gateway', () => {
  test('takes tokens of the identity provider, and no Cognito is made for it', () => {
    const [, { Properties }] = only(GATEWAY);
    expect(Properties).toMatchObject({
      AuthorizerType: 'CUSTOM_JWT',
      AuthorizerConfiguration: {
        CustomJWTAuthorizer: { DiscoveryUrl: DISCOVERY, AllowedAudience: ['api://default', 'api://analyst'] },
      },
      ProtocolType: 'MCP',
      ProtocolConfiguration: {
        Mcp: {
          SupportedVersions: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26'],
          StreamingConfiguration: { EnableResponseStreaming: true },
        },
      },
    });
    // The name is in the role's trust: AgentCore writes it in lower case.
    expect(Properties.Name).toMatch(/^(?:[0-9a-z]-?){1,48}$/);
    expect(Properties).not.toHaveProperty('ExceptionLevel');
    const types = Object.values(stack.template.Resources).map(({ Type }) => Type);
    expect(types.filter((type) => type.startsWith('AWS::Cognito'))).toEqual([]);
  });

  test('calls the route as its caller: with a token exchanged for one that the route takes', () => {
    const [gateway] = only(GATEWAY);
    const [provider] = only(PROVIDER);
    const [, { Properties }] = only(TARGET);
    expect(Properties).toEqual({
      GatewayIdentifier: got(gateway, 'GatewayIdentifier'),
      Name: 'gatehouse',
      TargetConfiguration: { Mcp: { McpServer: { Endpoint: expect.anything(), ListingMode: 'DYNAMIC' } } },
      CredentialProviderConfigurations: [
        {
          CredentialProviderType: 'OAUTH',
          CredentialProvider: {
            OauthCredentialProvider: {
              ProviderArn: got(provider, 'CredentialProviderArn'),
              GrantType: 'TOKEN_EXCHANGE',
              Scopes: ['mcp:read', 'mcp:write'],
              CustomParameters: {
                audience: 'api://default',
                subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
              },
            },
          },
        },
      ],
    });
    const parts: unknown[] = Properties.TargetConfiguration.Mcp.McpServer.Endpoint['Fn::Join'][1];
    expect([parts[0], parts.at(-1)]).toEqual(['https://', '/prod/mcp']);
    expect(parts[1]).toEqual({ Ref: stack.ofType('AWS::ApiGateway::RestApi')[0]?.[0] });
  });

  test('is made when its role has its permissions, and its target when the API answers', () => {
    const [, gateway] = only(GATEWAY);
    const [, target] = only(TARGET);
    const [[stage] = []] = stack.ofType('AWS::ApiGateway::Stage');
    expect(gateway.DependsOn).toEqual(
      expect.arrayContaining([expect.stringMatching(/ManagedGatewayRoleDefaultPolicy/)]),
    );
    expect(target.DependsOn).toEqual(expect.arrayContaining([stage]));
    expect(outputNamed('ManagedGatewayUrl')).toEqual(got(only(GATEWAY)[0], 'GatewayUrl'));
  });
});

test('without them in the policy there is none of it', () => {
  for (const type of [PROVIDER, GATEWAY, TARGET]) expect(without.ofType(type)).toEqual([]);
});
