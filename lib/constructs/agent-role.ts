import { ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';

export interface AgentRoleProps {
  readonly runtimeName: string;
  readonly code: Asset;
}

/**
 * What an agent may do in AWS: write its logs and traces, and have the identity that AgentCore gives it. It has no permission
 * on models, so that it can't go around the gateway. CDK's own role for runtimes may read all assets of the account.
 * Source: AgentCore developer guide, "IAM permissions for AgentCore Runtime", execution role.
 */
export class AgentRole extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, { runtimeName, code }: AgentRoleProps) {
    super(scope, id);
    const { account, region, partition } = Stack.of(this);
    const arnOf = (service: string, resource: string, resourceName: string, arnFormat: ArnFormat): string =>
      Stack.of(this).formatArn({ service, resource, resourceName, arnFormat });
    const logs = (name: string): string => arnOf('logs', 'log-group', name, ArnFormat.COLON_RESOURCE_NAME);
    const directory = 'workload-identity-directory';
    const identity = (name: string): string =>
      arnOf('bedrock-agentcore', directory, name, ArnFormat.SLASH_RESOURCE_NAME);
    const group = `/aws/bedrock-agentcore/runtimes/${runtimeName}-*`;

    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('bedrock-agentcore.amazonaws.com', {
        // The confused deputy: AgentCore takes this role only for a runtime of this account.
        conditions: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': `arn:${partition}:bedrock-agentcore:${region}:${account}:*` },
        },
      }),
    });
    const may = (actions: string[], resources: string[]): void => {
      this.role.addToPolicy(new PolicyStatement({ actions, resources }));
    };
    may(['s3:GetObject'], [code.bucket.arnForObjects(code.s3ObjectKey)]);
    may(['logs:DescribeLogGroups'], [logs('*')]);
    may(['logs:CreateLogGroup', 'logs:DescribeLogStreams'], [logs(group)]);
    may(['logs:CreateLogStream', 'logs:PutLogEvents'], [logs(`${group}:log-stream:*`)]);
    may(
      ['xray:GetSamplingRules', 'xray:GetSamplingTargets', 'xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
      ['*'],
    );
    may(
      ['bedrock-agentcore:GetWorkloadAccessToken', 'bedrock-agentcore:GetWorkloadAccessTokenForJWT'],
      [identity('default'), identity(`default/workload-identity/${runtimeName}-*`)],
    );
    const at = '<AWS::Region>:<AWS::AccountId>';
    for (const resource of [
      '*',
      `arn:<AWS::Partition>:logs:${at}:log-group:*`,
      `arn:<AWS::Partition>:logs:${at}:log-group:${group}`,
      `arn:<AWS::Partition>:logs:${at}:log-group:${group}:log-stream:*`,
      `arn:<AWS::Partition>:bedrock-agentcore:${at}:${directory}/default/workload-identity/${runtimeName}-*`,
    ]) {
      Validations.of(this.role).acknowledge({
        id: `AwsSolutions::AwsSolutions-IAM5[Resource::${resource}]`,
        reason:
          "AgentCore adds to a runtime's name what only it knows; X-Ray and the listing of log groups take no narrower resource.",
      });
    }
  }
}
