import { CfnOutput } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { CompiledPolicy } from '../config/compiled.ts';
import { AuthorizerFunction } from './constructs/authorizer-function.ts';
import { GatewayApi } from './constructs/gateway-api.ts';
import { LimitsTable } from './constructs/limits-table.ts';
import { LlmFunction } from './constructs/llm-function.ts';
import { McpFunction } from './constructs/mcp-function.ts';
import { UpstreamCredentials } from './constructs/upstream-credentials.ts';

export interface GatehouseProps {
  /** What `compilePolicy` makes of a gateway.yaml, or of the same as a typed object. */
  readonly config: CompiledPolicy;
}

/** A governed gateway for AI agents, as one `gateway.yaml` describes it. */
export class Gatehouse extends Construct {
  constructor(scope: Construct, id: string, { config: policy }: GatehouseProps) {
    super(scope, id);

    const limits = new LimitsTable(this, 'Limits');
    const credentials = new UpstreamCredentials(this, 'Credentials', { names: policy.credentials });

    const authorizer = new AuthorizerFunction(this, 'AuthorizerFunction', { policy }).function;
    const llm = new LlmFunction(this, 'LlmFunction', { policy, limits, credentials }).function;
    const mcp = new McpFunction(this, 'McpFunction', { policy, limits, credentials }).function;

    const { api } = new GatewayApi(this, 'Api', { policy, authorizer, llm, mcp });

    new CfnOutput(this, 'Url', { value: api.url, description: 'The gateway' });
    const outputUrls = (id: string, paths: readonly string[], description: string): void => {
      // CloudFormation takes no empty value.
      if (paths.length > 0)
        new CfnOutput(this, id, { value: paths.map((path) => api.urlForPath(path)).join(' '), description });
    };
    const models = policy.llm.routes.map(({ basePath }) => basePath);
    outputUrls('BaseUrls', models, 'What agents use as base_url, one for each route');
    const tools = policy.mcp.routes.map(({ path }) => path);
    outputUrls('McpUrls', tools, 'What MCP clients connect to, one for each route');
    new CfnOutput(this, 'SecretsToFill', {
      value: credentials.arns,
      description: 'Secrets Manager secrets that each wait for a key: aws secretsmanager put-secret-value',
    });
  }
}
