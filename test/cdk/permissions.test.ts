import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Synthesized, synthesize } from '../support/synth.ts';

let stack: Synthesized;
beforeAll(() => {
  stack = synthesize('test/cdk/policy.yaml');
}, 60_000);
afterAll(() => stack.remove());

/** One resource of a statement, short: `Table.Arn`, `Secret`, `*`. Anything else as it stands. */
const show = (resource: unknown): string => {
  if (typeof resource === 'string') return resource;
  const { Ref, 'Fn::GetAtt': attribute } = resource as { Ref?: string; 'Fn::GetAtt'?: string[] };
  return Ref ?? attribute?.join('.') ?? JSON.stringify(resource);
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
  readonly may: readonly string[];
  readonly managed?: readonly unknown[];
}

const PUSH_LOGS = ':iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs';

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
      ...XRAY,
    ],
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

  test.each(Object.entries(MAY))('%s may do exactly this, on exactly this', (roleId, { by, may, managed }) => {
    const { AssumeRolePolicyDocument, ManagedPolicyArns, Policies } =
      stack.template.Resources[roleId]?.Properties ?? {};
    expect(permissionsOf(roleId)).toEqual(may);
    expect(AssumeRolePolicyDocument.Statement).toEqual([
      { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: by } },
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
      {
        action: 'lambda:InvokeFunction',
        by: 'apigateway.amazonaws.com',
        from: expect.stringMatching(/GatehouseApi\w+\/\*\/\*\/\*$/),
      },
      {
        action: 'lambda:InvokeFunction',
        by: 'apigateway.amazonaws.com',
        from: expect.stringMatching(/GatehouseApi\w+\/\*\/\*\/\*$/),
      },
    ]);
  });

  test('no resource policy opens a secret, a table or a queue to others', () => {
    const types = Object.values(stack.template.Resources).map(({ Type }) => Type);
    expect(
      types.filter((type) => /ResourcePolicy|QueuePolicy|BucketPolicy|FunctionUrl|Lambda::Url/.test(type)),
    ).toEqual([]);
  });
});
