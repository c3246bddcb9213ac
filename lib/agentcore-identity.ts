import { ArnFormat, Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

const DIRECTORY = 'workload-identity-directory';

const arnOf = (scope: IConstruct, resource: string, resourceName: string): string =>
  Stack.of(scope).formatArn({
    service: 'bedrock-agentcore',
    resource,
    resourceName,
    arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  });

/** The identity that AgentCore makes for what it runs, to whose name it adds what only it knows; and the directory it is in. */
export const workloadIdentity = (scope: IConstruct, name: string): string[] => [
  arnOf(scope, DIRECTORY, 'default'),
  arnOf(scope, DIRECTORY, `default/workload-identity/${name}-*`),
];

export const tokenVault = (scope: IConstruct): string => arnOf(scope, 'token-vault', 'default');

/** As cdk-nag calls the one of them with a wildcard. */
export const namedIdentity = (name: string): string =>
  `arn:<AWS::Partition>:bedrock-agentcore:<AWS::Region>:<AWS::AccountId>:${DIRECTORY}/default/workload-identity/${name}-*`;

/** The confused deputy: AgentCore takes a role only for what is of this account, below `resource`. */
export const agentCore = (scope: IConstruct, resource: string): ServicePrincipal => {
  const { account, region, partition } = Stack.of(scope);
  return new ServicePrincipal('bedrock-agentcore.amazonaws.com', {
    conditions: {
      StringEquals: { 'aws:SourceAccount': account },
      ArnLike: { 'aws:SourceArn': `arn:${partition}:bedrock-agentcore:${region}:${account}:${resource}` },
    },
  });
};
