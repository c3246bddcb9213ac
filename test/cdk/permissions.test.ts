import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Synthesized, synthesize } from '../support/synth.ts';

let stack: Synthesized;
beforeAll(() => {
  stack = synthesize('test/cdk/policy.yaml');
}, 60_000);
afterAll(() => stack.remove());

/** One resource of a statement, short: `Table.Arn`, `Secret`, `*`, `Runtime.Arn/*`. Anything else as it stands. */
const show = (resource: unknown): string => {
  if (typeof resource === 'string') return resource;
  const {
    Ref,
    'Fn::GetAtt': attribute,
    'Fn::Join': join,
  } = resource as { Ref?: string; 'Fn::GetAtt'?: string[]; 'Fn::Join'?: [string, unknown[]] };
  return Ref ?? attribute?.join('.') ?? join?.[1].map(show).join('') ?? JSON.stringify(resource);
};

interface Statement {
  readonly Effect: string;
  readonly Action?: string | string[];
  readonly Resource?: unknown;
  readonly Condition?: unknown;
}

/** The keys of a table that a statement is about, such as ` L#*`; any other condition as it stands. */
const showCondition = (condition: unknown): string => {
  if (condition === undefined) return '';
  const { 'ForAllValues:StringLike': like, ...others } = condition as Record<string, Record<string, string[]>>;
  const { 'dynamodb:LeadingKeys': keys, ...more } = like ?? {};
  const isPlain = keys !== undefined && Object.keys({ ...others, ...more }).length === 0;
  return ` ${isPlain ? keys.join(' ') : JSON.stringify(condition)}`;
};

/** Every pair of action and resource that a role may use. A statement of another shape than Allow shows as such. */
const permissionsOf = (roleId: string): readonly string[] =>
  stack
    .ofType('AWS::IAM::Policy')
    .filter(([, { Properties }]) => Properties.Roles.some(({ Ref }: { Ref: string }) => Ref === roleId))
    .flatMap(([, { Properties }]): Statement[] => Properties.PolicyDocument.Statement)
    .flatMap(({ Effect, Action, Resource, Condition, ...rest }) => [
      ...[Action]
        .flat()
        .flatMap((action) =>
          [Resource].flat().map((resource) => `${action} ${show(resource)}${showCondition(Condition)}`),
        ),
      ...(Effect === 'Allow' ? [] : [Effect]),
      ...Object.keys(rest),
    ])
    .sort();

const XRAY = ['xray:PutTelemetryRecords *', 'xray:PutTraceSegments *'];

interface Role {
  readonly by: string;
  /** When it may be taken. */
  readonly where?: unknown;
  readonly may: readonly unknown[];
  readonly managed?: readonly unknown[];
}

const HERE = 'AWS::Region:AWS::AccountId';
const ELSEWHERE = 'arn:aws:bedrock-agentcore:eu-central-1:111122223333:runtime/elsewhere-Ab12Cd34Ef';
const BELIEVER = 'arn:aws:bedrock-agentcore:eu-central-1:111122223333:runtime/believer-Ab12Cd34Ef';

const SIGN = [
  'kms:GetPublicKey GatehouseTokenKeysKey1C5885E43.Arn',
  'kms:GetPublicKey GatehouseTokenKeysKey20007F6C7.Arn',
  'kms:GetPublicKey GatehouseTokenKeysKey3BC566460.Arn',
  'kms:Sign GatehouseTokenKeysKey20007F6C7.Arn {"StringEquals":{"kms:SigningAlgorithm":"RSASSA_PKCS1_V1_5_SHA_256"}}',
];

const PROVIDER = 'GatehouseCredentialProviderC11FCB95.CredentialProviderArn';
const PROVIDER_SECRET = 'secretsmanager:GetSecretValue GatehouseCredentialProviderClientSecret718D0337';

/** Tokens on behalf of callers: from this provider, as this workload. */
const tokensAs = (workload: string): readonly string[] =>
  [
    PROVIDER,
    `arn:AWS::Partition:bedrock-agentcore:${HERE}:token-vault/default`,
    `arn:AWS::Partition:bedrock-agentcore:${HERE}:workload-identity-directory/default`,
    `arn:AWS::Partition:bedrock-agentcore:${HERE}:workload-identity-directory/default/workload-identity/${workload}-*`,
  ].map((resource) => `bedrock-agentcore:GetResourceOauth2Token ${resource}`);

const identityOf = (workload: string): readonly string[] =>
  ['GetWorkloadAccessToken', 'GetWorkloadAccessTokenForJWT'].flatMap((action) => [
    `bedrock-agentcore:${action} arn:AWS::Partition:bedrock-agentcore:${HERE}:workload-identity-directory/default`,
    `bedrock-agentcore:${action} arn:AWS::Partition:bedrock-agentcore:${HERE}:workload-identity-directory/default/workload-identity/${workload}-*`,
  ]);

/** What an agent may do: its code, its logs, its traces, its own identity. No model, no secret, no table. */
const runtimeRole = (runtimeName: string, tokens: readonly string[] = [], secret: readonly string[] = []): Role => {
  const group = `arn:AWS::Partition:logs:${HERE}:log-group:/aws/bedrock-agentcore/runtimes/${runtimeName}-*`;
  return {
    by: 'bedrock-agentcore.amazonaws.com',
    where: {
      StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
      ArnLike: { 'aws:SourceArn': expect.anything() },
    },
    may: [
      ...tokens,
      ...identityOf(runtimeName),
      `logs:CreateLogGroup ${group}`,
      `logs:CreateLogStream ${group}:log-stream:*`,
      `logs:DescribeLogGroups arn:AWS::Partition:logs:${HERE}:log-group:*`,
      `logs:DescribeLogStreams ${group}`,
      `logs:PutLogEvents ${group}:log-stream:*`,
      expect.stringMatching(/^s3:GetObject arn:AWS::Partition:s3:::.*-assets-.*\/[0-9a-f]{64}\.zip$/),
      ...secret,
      'xray:GetSamplingRules *',
      'xray:GetSamplingTargets *',
      ...XRAY,
    ],
  };
};

const PUSH_LOGS = ':iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs';

const AUDITOR = 'testgateway_Gatehouse_Agents_auditor_08C84CF1';
const MANAGED = 'testgateway-gatehouse-managedgateway-b38fa6db';

const MAY: Record<string, Role> = {
  GatehouseAuthorizerFunctionHandlerRoleDEA9B149: {
    by: 'lambda.amazonaws.com',
    may: [
      'logs:CreateLogStream GatehouseAuthorizerFunctionHandlerLogCE58CCF8.Arn',
      'logs:PutLogEvents GatehouseAuthorizerFunctionHandlerLogCE58CCF8.Arn',
      ...XRAY,
    ],
  },
  GatehouseLlmFunctionHandlerRoleC1759490: {
    by: 'lambda.amazonaws.com',
    may: [
      'dynamodb:GetItem GatehouseLimitsTable17146DB3.Arn L#* H#*',
      'dynamodb:PutItem GatehouseLimitsTable17146DB3.Arn L#* H#*',
      'dynamodb:UpdateItem GatehouseLimitsTable17146DB3.Arn L#* H#*',
      'logs:CreateLogStream GatehouseLlmFunctionHandlerLog21CFC6CE.Arn',
      'logs:PutLogEvents GatehouseLlmFunctionHandlerLog21CFC6CE.Arn',
      'secretsmanager:GetSecretValue GatehouseCredentialsanthropicapikey0E94D85C',
      'secretsmanager:GetSecretValue GatehouseCredentialsopenaiapikeyD4AF9DD2',
      ...XRAY,
    ],
  },
  // Catalogs of tools in place of the health of providers, and none of the keys of models.
  GatehouseMcpFunctionHandlerRoleC6A644AC: {
    by: 'lambda.amazonaws.com',
    may: [
      'dynamodb:GetItem GatehouseLimitsTable17146DB3.Arn L#* C#*',
      'dynamodb:PutItem GatehouseLimitsTable17146DB3.Arn L#* C#*',
      'dynamodb:UpdateItem GatehouseLimitsTable17146DB3.Arn L#* C#*',
      'logs:CreateLogStream GatehouseMcpFunctionHandlerLogCF2D971A.Arn',
      'logs:PutLogEvents GatehouseMcpFunctionHandlerLogCF2D971A.Arn',
      'secretsmanager:GetSecretValue GatehouseCredentialsgithubtokenDFB54862',
      'secretsmanager:GetSecretValue GatehouseCredentialsoktaclient7FE20789',
      'secretsmanager:GetSecretValue GatehouseMcpFunctionSigningKeySecretA59E0274',
      'secretsmanager:GetSecretValue GatehouseOwnClientSecret26B0F7CC',
      ...XRAY,
    ],
  },
  // Secrets of its clients, and noting that a token was used: of the table it can read nothing.
  GatehouseTokenFunctionHandlerRole9AD6C94F: {
    by: 'lambda.amazonaws.com',
    may: [
      'dynamodb:PutItem GatehouseLimitsTable17146DB3.Arn U#*',
      ...SIGN,
      'logs:CreateLogStream GatehouseTokenFunctionHandlerLog2C026D40.Arn',
      'logs:PutLogEvents GatehouseTokenFunctionHandlerLog2C026D40.Arn',
      'secretsmanager:GetSecretValue GatehouseCredentialsciclientA3906E77',
      'secretsmanager:GetSecretValue GatehouseOwnClientSecret26B0F7CC',
      ...XRAY,
    ],
  },
  // The runtimes in IAM mode, and never InvokeAgentRuntimeForUser: nobody would verify whom it names.
  GatehouseAgentsFunctionHandlerRole21C22BBA: {
    by: 'lambda.amazonaws.com',
    may: [
      'bedrock-agentcore:GetAgentCard GatehouseAgentsclerkRuntimeCF0D721C.AgentRuntimeArn',
      'bedrock-agentcore:GetAgentCard GatehouseAgentsclerkRuntimeCF0D721C.AgentRuntimeArn/runtime-endpoint/live',
      'bedrock-agentcore:InvokeAgentRuntime GatehouseAgentsauditorRuntime8F153325.AgentRuntimeArn',
      'bedrock-agentcore:InvokeAgentRuntime GatehouseAgentsauditorRuntime8F153325.AgentRuntimeArn/runtime-endpoint/live',
      'bedrock-agentcore:InvokeAgentRuntime GatehouseAgentsclerkRuntimeCF0D721C.AgentRuntimeArn',
      'bedrock-agentcore:InvokeAgentRuntime GatehouseAgentsclerkRuntimeCF0D721C.AgentRuntimeArn/runtime-endpoint/live',
      `bedrock-agentcore:InvokeAgentRuntime ${BELIEVER}`,
      `bedrock-agentcore:InvokeAgentRuntime ${BELIEVER}/runtime-endpoint/DEFAULT`,
      `bedrock-agentcore:InvokeAgentRuntime ${ELSEWHERE}`,
      `bedrock-agentcore:InvokeAgentRuntime ${ELSEWHERE}/runtime-endpoint/DEFAULT`,
      'dynamodb:GetItem GatehouseLimitsTable17146DB3.Arn L#*',
      'dynamodb:PutItem GatehouseLimitsTable17146DB3.Arn L#*',
      'dynamodb:UpdateItem GatehouseLimitsTable17146DB3.Arn L#*',
      ...SIGN,
      'logs:CreateLogStream GatehouseAgentsFunctionHandlerLog962DCA2C.Arn',
      'logs:PutLogEvents GatehouseAgentsFunctionHandlerLog962DCA2C.Arn',
      'secretsmanager:GetSecretValue GatehouseAgentsFunctionSessionKeySecretC7F74421',
      'secretsmanager:GetSecretValue GatehouseCredentialsoktaclient7FE20789',
      `ssm:GetParameter arn:AWS::Partition:ssm:${HERE}:parameter/gatehouse/test-gateway/runtimes`,
      ...XRAY,
    ],
  },
  GatehouseAgentscopilotExecutionRole526E463D: runtimeRole('testgateway_Gatehouse_Agents_copilot_140AA916'),
  GatehouseAgentsanalystExecutionRole21AC442C: runtimeRole('testgateway_Gatehouse_Agents_analyst_AA2540EF'),
  // The secret of the provider is read in its name, never by itself: an agent has no secret.
  GatehouseAgentsauditorExecutionRoleD0A4E135: runtimeRole(AUDITOR, tokensAs(AUDITOR), [
    `${PROVIDER_SECRET} {"Bool":{"aws:ViaAWSService":"true"}}`,
  ]),
  GatehouseAgentsclerkExecutionRole51E01736: runtimeRole('testgateway_Gatehouse_Agents_clerk_C7B2D38E'),
  // Nobody takes it but AgentCore, for this one gateway.
  GatehouseManagedGatewayRoleB6AF99E2: {
    by: 'bedrock-agentcore.amazonaws.com',
    where: {
      StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
      ArnLike: { 'aws:SourceArn': { 'Fn::Join': ['', expect.arrayContaining([`:gateway/${MANAGED}-*`])] } },
    },
    may: [...tokensAs(MANAGED), ...identityOf(MANAGED), PROVIDER_SECRET],
  },
  // API Gateway's own, for its access log: the one AWS managed policy.
  GatehouseApiCloudWatchRole27DB8FCD: {
    by: 'apigateway.amazonaws.com',
    may: [],
    managed: [{ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, PUSH_LOGS]] }],
  },
};

describe('permissions', () => {
  test('there are these roles and no other', () => {
    expect(
      stack
        .ofType('AWS::IAM::Role')
        .map(([id]) => id)
        .sort(),
    ).toEqual(Object.keys(MAY).sort());
    const others = Object.values(stack.template.Resources).filter(({ Type }) =>
      /^AWS::IAM::(?!Role$|Policy$)/.test(Type),
    );
    expect(others).toEqual([]);
  });

  test.each(Object.entries(MAY))('%s may do exactly this, on exactly this', (roleId, { by, where, may, managed }) => {
    const { AssumeRolePolicyDocument, ManagedPolicyArns, Policies } =
      stack.template.Resources[roleId]?.Properties ?? {};
    expect(permissionsOf(roleId)).toEqual(may);
    expect(AssumeRolePolicyDocument.Statement).toEqual([
      {
        Action: 'sts:AssumeRole',
        Effect: 'Allow',
        Principal: { Service: by },
        ...(where === undefined ? {} : { Condition: where }),
      },
    ]);
    expect(Policies).toBeUndefined();
    expect(ManagedPolicyArns).toEqual(managed);
  });

  test('only this API may call the functions', () => {
    const callers = stack.ofType('AWS::Lambda::Permission').map(([, { Properties }]) => ({
      action: Properties.Action,
      by: Properties.Principal,
      from: Properties.SourceArn['Fn::Join'][1].slice(-3).map(show).join(''),
    }));
    expect(callers).toEqual([
      {
        action: 'lambda:InvokeFunction',
        by: 'apigateway.amazonaws.com',
        from: expect.stringMatching(/^GatehouseApi\w+\/authorizers\/GatehouseApiAuthorizer\w+$/),
      },
      ...Array.from({ length: 4 }, () => ({
        action: 'lambda:InvokeFunction',
        by: 'apigateway.amazonaws.com',
        from: expect.stringMatching(/GatehouseApi\w+\/\*\/\*\/\*$/),
      })),
    ]);
  });

  test('nobody but the functions of models may call one, and no agent at all', () => {
    const allowed = Object.keys(MAY).filter((roleId) => permissionsOf(roleId).some((may) => /^bedrock:|^\*/.test(may)));
    expect(allowed).toEqual([]);
  });

  test('no resource policy opens a secret, a table or a queue to others', () => {
    const types = Object.values(stack.template.Resources).map(({ Type }) => Type);
    expect(
      // Those of AgentCore deny (see agents.test.ts); that of X-Ray takes the traces of the runtimes.
      types.filter((type) =>
        /^AWS::(?!BedrockAgentCore|XRay)\w+::ResourcePolicy|QueuePolicy|BucketPolicy|FunctionUrl|Lambda::Url/.test(
          type,
        ),
      ),
    ).toEqual([]);
  });
});
