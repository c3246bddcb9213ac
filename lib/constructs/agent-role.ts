import { ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { agentCore, namedIdentity, workloadIdentity } from '../agentcore-identity.ts';

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
    const logs = (resourceName: string): string =>
      Stack.of(this).formatArn({
        service: 'logs',
        resource: 'log-group',
        resourceName,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      });
    const group = `/aws/bedrock-agentcore/runtimes/${runtimeName}-*`;

    this.role = new Role(this, 'Role', { assumedBy: agentCore(this, '*') });
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
      workloadIdentity(this, runtimeName),
    );
    const at = '<AWS::Region>:<AWS::AccountId>';
    for (const resource of [
      '*',
      `arn:<AWS::Partition>:logs:${at}:log-group:*`,
      `arn:<AWS::Partition>:logs:${at}:log-group:${group}`,
      `arn:<AWS::Partition>:logs:${at}:log-group:${group}:log-stream:*`,
      namedIdentity(runtimeName),
    ]) {
      Validations.of(this.role).acknowledge({
        id: `AwsSolutions::AwsSolutions-IAM5[Resource::${resource}]`,
        reason:
          "AgentCore adds to a runtime's name what only it knows; X-Ray and the listing of log groups take no narrower resource.",
      });
    }
  }
}
