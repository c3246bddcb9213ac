import { CfnOutput } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { CompiledPolicy } from '../config/compiled.ts';
import { agentPaths } from './agent-paths.ts';
import { AgentRuntimes } from './constructs/agent-runtimes.ts';
import { AgentsFunction } from './constructs/agents-function.ts';
import { AuthorizerFunction } from './constructs/authorizer-function.ts';
import { CredentialProvider } from './constructs/credential-provider.ts';
import { GatewayApi } from './constructs/gateway-api.ts';
import { LimitsTable } from './constructs/limits-table.ts';
import { LlmFunction } from './constructs/llm-function.ts';
import { ManagedGateway } from './constructs/managed-gateway.ts';
import { McpFunction } from './constructs/mcp-function.ts';
import { OwnClient } from './constructs/own-client.ts';
import { TokenFunction } from './constructs/token-function.ts';
import { TokenKeys } from './constructs/token-keys.ts';
import { UpstreamCredentials } from './constructs/upstream-credentials.ts';
import { usesOwnClient } from './credentials-used.ts';

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

    const keys = policy.tokens && new TokenKeys(this, 'TokenKeys', { tokens: policy.tokens });
    const ownClient = usesOwnClient(policy) ? { ownClient: new OwnClient(this, 'OwnClient') } : {};

    const authorizer = new AuthorizerFunction(this, 'AuthorizerFunction', { policy }).function;
    const llm = new LlmFunction(this, 'LlmFunction', { policy, limits, credentials }).function;
    const mcp = new McpFunction(this, 'McpFunction', { policy, limits, credentials, ...ownClient }).function;
    const token = keys && new TokenFunction(this, 'TokenFunction', { policy, keys, limits, credentials, ...ownClient });
    const agents =
      policy.agents.length === 0
        ? undefined
        : new AgentsFunction(this, 'AgentsFunction', { policy, limits, credentials, ...(keys && { keys }) });

    const gateway = new GatewayApi(this, 'Api', {
      policy,
      authorizer,
      llm,
      mcp,
      token: token?.function,
      agents: agents?.function,
    });
    const { api } = gateway;
    const issuer = policy.tokens?.issuer ?? gateway.url;
    const { agentCore } = policy;
    const credentialProvider =
      agentCore && new CredentialProvider(this, 'CredentialProvider', agentCore.credentialProvider);
    if (agents !== undefined)
      new AgentRuntimes(this, 'Agents', {
        policy,
        caller: agents.role,
        parameterName: agents.runtimesParameter,
        issuer,
        gatewayUrl: gateway.url,
        after: gateway.answering,
        credentialProvider,
      });
    const managed =
      agentCore?.gateway &&
      credentialProvider &&
      new ManagedGateway(this, 'ManagedGateway', {
        gateway: agentCore.gateway,
        issuer: agentCore.credentialProvider.issuer,
        grant: agentCore.credentialProvider.grant,
        credentialProvider,
        gatewayUrl: gateway.url,
        after: gateway.answering,
      });

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
    outputUrls(
      'AgentUrls',
      agentPaths(policy)
        .filter(({ method }) => method === 'POST')
        .map(({ path }) => path),
      'Where agents are called',
    );
    if (token !== undefined)
      new CfnOutput(this, 'TokenIssuer', { value: issuer, description: 'iss of the tokens it makes' });
    if (managed !== undefined)
      new CfnOutput(this, 'ManagedGatewayUrl', {
        value: managed.url,
        description: 'The gateway of AgentCore before it',
      });
    if (credentialProvider !== undefined)
      new CfnOutput(this, 'CredentialProviderSecret', {
        value: credentialProvider.secretArn,
        description: 'A Secrets Manager secret that waits for the client secret of AgentCore, as its description says',
      });
    new CfnOutput(this, 'SecretsToFill', {
      value: credentials.arns,
      description: 'Secrets Manager secrets that each wait for a key: aws secretsmanager put-secret-value',
    });
  }
}
