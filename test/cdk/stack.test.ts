import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { EnvOf, llmEnv } from '../../config/env.ts';
import { CANARY, type Synthesized, synthesize } from '../support/synth.ts';

const POLICY = 'test/cdk/policy.yaml';

let stack: Synthesized;
beforeAll(() => {
  stack = synthesize(POLICY);
}, 60_000);
afterAll(() => stack.remove());

/** The hash of a bundle changes with every line of code. */
const withoutAssetHashes = (template: unknown): unknown =>
  JSON.parse(JSON.stringify(template).replaceAll(/[0-9a-f]{64}\.zip/g, 'ASSET.zip'));

const filesIn = (directory: string): readonly string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((file) => path.join(directory, file))
    .filter((file) => statSync(file).isFile());

describe('the stack', () => {
  test('is as reviewed', () => {
    expect(withoutAssetHashes(stack.template)).toMatchSnapshot();
  });

  test('comes out the same when it is synthesised again, bundles included', () => {
    const again = synthesize(POLICY, {}, { anew: true });
    try {
      expect(again.template).toEqual(stack.template);
    } finally {
      again.remove();
    }
  }, 60_000);

  test('passes cdk-nag, and what it lets pass is this, each with a reason', () => {
    const report = JSON.parse(readFileSync(path.join(stack.directory, 'validation-report.json'), 'utf8'));
    const [nag, ...others] = report.pluginReports.filter(
      ({ pluginName }: { pluginName: string }) => pluginName === 'AwsSolutions',
    );
    expect(others).toEqual([]);
    expect([nag.conclusion, nag.violations]).toEqual(['success', []]);
    const passed: { acknowledgedId: string; acknowledgedAt: string; reason: string }[] = nag.suppressedViolations;
    expect(passed.filter(({ reason }) => reason.length < 40)).toEqual([]);
    const short = passed.map(({ acknowledgedId, acknowledgedAt }) => [
      acknowledgedId.replace('AwsSolutions::AwsSolutions-', ''),
      acknowledgedAt.replace('Gatehouse/Gatehouse/', ''),
    ]);
    const methods = (rule: string, base: string): string[] =>
      [
        'chat/completions/POST',
        'embeddings/POST',
        'messages/POST',
        'messages/count_tokens/POST',
        'models/GET',
        'responses/POST',
      ].map((endpoint) => `${rule} at Api/Api/Default/${base}/${endpoint}`);
    const open = (rule: string): string[] =>
      [
        '.well-known/jwks.json/GET',
        '.well-known/oauth-authorization-server/GET',
        '.well-known/openid-configuration/GET',
        'oauth2/token/POST',
        '.well-known/oauth-protected-resource/GET',
        '.well-known/oauth-protected-resource/OPTIONS',
        '.well-known/oauth-protected-resource/mcp/GET',
        '.well-known/oauth-protected-resource/mcp/OPTIONS',
        'mcp/DELETE',
        'mcp/GET',
        'open/mcp/DELETE',
        'open/mcp/GET',
        'open/mcp/POST',
      ].map((method) => `${rule} at Api/Api/Default/${method}`);
    const cog4 = (method: string): string => `COG4 at Api/Api/Default/${method}`;
    const runtimeRole = (name: string): string[] => {
      const arn = (service: string, resource: string): string =>
        `arn:<AWS::Partition>:${service}:<AWS::Region>:<AWS::AccountId>:${resource}`;
      const group = `log-group:/aws/bedrock-agentcore/runtimes/testgateway_Gatehouse_Agents_${name}-*`;
      const identity = `workload-identity-directory/default/workload-identity/testgateway_Gatehouse_Agents_${name}-*`;
      return [
        '*',
        arn('logs', 'log-group:*'),
        arn('logs', group),
        arn('logs', `${group}:log-stream:*`),
        arn('bedrock-agentcore', identity),
      ].map((resource) => `IAM5[Resource::${resource}] at Agents/${name.split('_')[0]}/Execution/Role`);
    };
    const managed =
      'workload-identity-directory/default/workload-identity/testgateway-gatehouse-managedgateway-b38fa6db-*';
    const all = [
      `IAM5[Resource::arn:<AWS::Partition>:bedrock-agentcore:<AWS::Region>:<AWS::AccountId>:${managed}] at ManagedGateway/Role`,
      'SMG4 at CredentialProvider/ClientSecret',
      'APIG2 at Api/Api',
      'APIG3 at Api/Api/DeploymentStage.prod',
      ...methods('APIG4', 'openai/v1'),
      ...methods('APIG4', 'public/v1'),
      ...open('APIG4'),
      'APIG6 at Api/Api/DeploymentStage.prod',
      ...methods('COG4', 'openai/v1'),
      ...methods('COG4', 'public/v1'),
      ...methods('COG4', 'v1'),
      // Not for OPTIONS, which no user pool is expected in front of.
      ...open('COG4').filter((entry) => !entry.endsWith('/OPTIONS')),
      ...['a2a/clerk/.well-known/agent-card.json/GET', 'a2a/clerk/.well-known/agent.json/GET', 'a2a/clerk/POST'].map(
        cog4,
      ),
      ...['copilot', 'analyst', 'auditor', 'elsewhere', 'believer'].map((agent) =>
        cog4(`agents/${agent}/invocations/POST`),
      ),
      ...['invoke/POST', 'mcp/POST'].map(cog4),
      ...['copilot_140AA916', 'analyst_AA2540EF', 'auditor_08C84CF1', 'clerk_C7B2D38E'].flatMap(runtimeRole),
      'IAM5[Resource::*] at AgentsFunction/Handler/Role',
      'IAM5[Resource::*] at TokenFunction/Handler/Role',
      'SMG4 at AgentsFunction/SessionKey/Secret',
      'SMG4 at Credentials/ci-client',
      'SMG4 at OwnClient/Secret',
      'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs] at Api/Api',
      'IAM5[Resource::*] at AuthorizerFunction/Handler/Role',
      'IAM5[Resource::*] at LlmFunction/Handler/Role',
      'IAM5[Resource::*] at McpFunction/Handler/Role',
      'SMG4 at Credentials/anthropic-api-key',
      'SMG4 at Credentials/github-token',
      'SMG4 at Credentials/okta-client',
      'SMG4 at Credentials/openai-api-key',
      'SMG4 at McpFunction/SigningKey/Secret',
    ];
    expect([...new Set(short.map((entry) => entry.join(' at ')))].sort()).toEqual(all.sort());
  });
});

describe('what holds state', () => {
  /** What is made in the account, is made again as easily. */
  const secretsOfPeople = () =>
    stack.ofType('AWS::SecretsManager::Secret').filter(([id]) => id.startsWith('GatehouseCredentials'));

  test('keeps its logical id: another one would be an empty table, or a secret without its key', () => {
    const ids = [...stack.ofType('AWS::DynamoDB::Table'), ...secretsOfPeople()].map(([id]) => id);
    expect(ids).toEqual([
      'GatehouseLimitsTable17146DB3',
      'GatehouseCredentialsanthropicapikey0E94D85C',
      'GatehouseCredentialsopenaiapikeyD4AF9DD2',
      'GatehouseCredentialsgithubtokenDFB54862',
      'GatehouseCredentialsciclientA3906E77',
      'GatehouseCredentialsoktaclient7FE20789',
    ]);
  });

  test('outlives the stack', () => {
    for (const [, { DeletionPolicy, UpdateReplacePolicy }] of [
      ...stack.ofType('AWS::DynamoDB::Table'),
      ...secretsOfPeople(),
    ]) {
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
    }
  });

  test('the limits table is on demand, encrypted, can be restored, and cleans up after itself', () => {
    const [[, table] = []] = stack.ofType('AWS::DynamoDB::Table');
    expect(table?.Properties).toEqual({
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: { SSEEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    });
  });

  test('a secret is made without a value, as one that the function takes for unset', () => {
    for (const [, { Properties }] of secretsOfPeople()) {
      expect(Properties).not.toHaveProperty('SecretString');
      expect(Properties).not.toHaveProperty('Name');
      const { value } = JSON.parse(Properties.GenerateSecretString.SecretStringTemplate);
      expect(value).toMatch(/^gatehouse-unset-/);
    }
  });

  test('what seals cursors, and what derives ids of sessions, is made in the account, long enough for a key', () => {
    const keys = stack.ofType('AWS::SecretsManager::Secret').filter(([id]) => /(Signing|Session)Key/.test(id));
    expect(keys.map(([id]) => id.replace(/Secret\w+$/, ''))).toEqual([
      'GatehouseMcpFunctionSigningKey',
      'GatehouseAgentsFunctionSessionKey',
    ]);
    for (const [, { Properties }] of keys)
      expect(Properties.GenerateSecretString).toEqual({ PasswordLength: 64, ExcludePunctuation: true });
  });

  test('a key in the environment of whoever deploys gets into no file of cdk.out', () => {
    const holding = filesIn(stack.directory).filter((file) => readFileSync(file).includes(CANARY));
    expect(holding).toEqual([]);
  });
});

describe('the functions', () => {
  test('run on Node 24 and arm64, traced, with a role and a log group of their own', () => {
    const functions = stack.ofType('AWS::Lambda::Function').map(([, { Properties }]) => Properties);
    expect(functions.map(({ Description, MemorySize, Timeout }) => [Description, MemorySize, Timeout])).toEqual([
      ['Gatehouse: verifies bearer tokens', 512, 10],
      ['Gatehouse: chat requests to model providers', 1024, 900],
      ['Gatehouse: tool calls to MCP servers', 1024, 900],
      ['Gatehouse: tokens of its own', 512, 29],
      ['Gatehouse: calls to agents', 1024, 900],
    ]);
    for (const { Runtime, Architectures, Handler, TracingConfig, LoggingConfig } of functions) {
      expect([Runtime, Architectures, Handler, TracingConfig.Mode]).toEqual([
        'nodejs24.x',
        ['arm64'],
        'index.handler',
        'Active',
      ]);
      expect(LoggingConfig.LogFormat).toBe('JSON');
    }
    expect(new Set(functions.map(({ LoggingConfig }) => LoggingConfig.LogGroup.Ref)).size).toBe(5);
    expect(new Set(functions.map(({ Role }) => Role['Fn::GetAtt'][0])).size).toBe(5);
  });

  test('log for a month; the access log is kept for three', () => {
    expect(stack.ofType('AWS::Logs::LogGroup').map(([, { Properties }]) => Properties.RetentionInDays)).toEqual([
      30, 30, 30, 30, 30, 90,
    ]);
  });

  test('ship the policy beside their code, and another policy is another bundle', () => {
    for (const [id] of stack.ofType('AWS::Lambda::Function')) {
      const policy = JSON.parse(readFileSync(path.join(stack.bundleOf(id), 'policy.json'), 'utf8'));
      expect(policy.name).toBe('test-gateway');
    }
    const other = synthesize('gateway.yaml');
    try {
      const keys = (synthesized: Synthesized) =>
        synthesized.ofType('AWS::Lambda::Function').map(([, { Properties }]) => Properties.Code.S3Key);
      const all = [...keys(stack), ...keys(other)];
      expect(new Set(all).size).toBe(all.length);
    } finally {
      other.remove();
    }
  }, 60_000);

  test('a construct that forgets a variable of the function does not compile', () => {
    // @ts-expect-error CREDENTIAL_ARNS is missing
    const forgotten = { LIMITS_TABLE: 'table' } satisfies EnvOf<typeof llmEnv>;
    expect(forgotten).toBeDefined();
  });
});

describe('the outputs', () => {
  test('say where the gateway is, what to use as base_url, and which secrets wait for a key', () => {
    expect(Object.keys(stack.template.Outputs)).toEqual([
      expect.stringMatching(/^GatehouseUrl/),
      expect.stringMatching(/^GatehouseBaseUrls/),
      expect.stringMatching(/^GatehouseMcpUrls/),
      expect.stringMatching(/^GatehouseAgentUrls/),
      expect.stringMatching(/^GatehouseTokenIssuer/),
      expect.stringMatching(/^GatehouseManagedGatewayUrl/),
      expect.stringMatching(/^GatehouseCredentialProviderSecret/),
      expect.stringMatching(/^GatehouseSecretsToFill/),
    ]);
    const [, urls, tools, agents, issuer, , , secrets] = Object.values(stack.template.Outputs).map(({ Value }) =>
      JSON.stringify(Value),
    );
    for (const base of ['/v1 ', '/openai/v1 ', '/public/v1']) expect(urls).toContain(`"${base}`);
    for (const url of ['/mcp ', '/open/mcp']) expect(tools).toContain(url);
    for (const url of ['/agents/copilot/invocations ', '/invoke ', '/a2a/clerk ']) expect(agents).toContain(url);
    expect(issuer).toMatch(/"\/prod"/);
    for (const name of ['ci-client', 'anthropic-api-key', 'openai-api-key', 'github-token', 'okta-client'])
      expect(secrets).toContain(name);
  });
});
