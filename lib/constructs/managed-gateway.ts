import { Names, Validations } from 'aws-cdk-lib';
import { CfnGateway, CfnGatewayTarget } from 'aws-cdk-lib/aws-bedrockagentcore';
import { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { Construct, type IDependable } from 'constructs';
import type { CompiledAgentCore, CompiledManagedGateway } from '../../config/compiled-agent-core.ts';
import { discoveryOf } from '../agent-properties.ts';
import { agentCore, namedIdentity, workloadIdentity } from '../agentcore-identity.ts';
import type { CredentialProvider } from './credential-provider.ts';

export interface ManagedGatewayProps {
  readonly gateway: CompiledManagedGateway;
  readonly issuer: CompiledAgentCore['credentialProvider']['issuer'];
  readonly grant: CompiledAgentCore['credentialProvider']['grant'];
  readonly credentialProvider: CredentialProvider;
  /** Of the gateway behind it, without a trailing slash. */
  readonly gatewayUrl: string;
  /** What has to be there before AgentCore calls the route. */
  readonly after: readonly IDependable[];
}

const TARGET = 'gatehouse';

/** What an exchange needs besides what AgentCore sends by itself: it calls the caller's token a JWT, which Okta refuses. */
const PARAMETERS: Readonly<
  Record<ManagedGatewayProps['grant'], (gateway: CompiledManagedGateway) => Readonly<Record<string, string>>>
> = {
  'token-exchange': ({ audience }) => ({
    audience,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  }),
  'jwt-bearer': () => ({ requested_token_use: 'on_behalf_of' }),
};

/**
 * A gateway of AgentCore in front of one route for MCP clients. It checks the caller's token and exchanges it, so that the route
 * behind it decides, limits and records as the same person. CDK's own construct can't say how a target gets its token.
 *
 * Source: AgentCore developer guide, "MCP server targets" and "Set up outbound authorization".
 */
export class ManagedGateway extends Construct {
  readonly url: string;

  constructor(scope: Construct, id: string, props: ManagedGatewayProps) {
    super(scope, id);
    const { gateway, issuer, grant, credentialProvider, gatewayUrl, after } = props;
    const name = Names.uniqueResourceName(this, { maxLength: 48, separator: '-' }).toLowerCase();
    const role = this.#role(name, credentialProvider);
    const made = new CfnGateway(this, 'Gateway', {
      name,
      description: `Gatehouse: in front of ${gateway.route}`,
      roleArn: role.roleArn,
      authorizerType: 'CUSTOM_JWT',
      authorizerConfiguration: {
        customJwtAuthorizer: {
          discoveryUrl: discoveryOf(issuer),
          allowedAudience: [...gateway.audiences],
        },
      },
      protocolType: 'MCP',
      protocolConfiguration: {
        mcp: {
          supportedVersions: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26'],
          streamingConfiguration: { enableResponseStreaming: true },
        },
      },
    });
    made.node.addDependency(role);
    const target = new CfnGatewayTarget(this, 'Target', {
      gatewayIdentifier: made.attrGatewayIdentifier,
      name: TARGET,
      // By default AgentCore lists once, as nobody, and shows that to everybody.
      targetConfiguration: {
        mcp: { mcpServer: { endpoint: `${gatewayUrl}${gateway.route}`, listingMode: 'DYNAMIC' } },
      },
      credentialProviderConfigurations: [
        {
          credentialProviderType: 'OAUTH',
          credentialProvider: {
            oauthCredentialProvider: {
              providerArn: credentialProvider.providerArn,
              grantType: 'TOKEN_EXCHANGE',
              scopes: [...gateway.scopes],
              customParameters: PARAMETERS[grant](gateway),
            },
          },
        },
      ],
    });
    target.node.addDependency(...after);
    this.url = made.attrGatewayUrl;
  }

  /** Tokens on behalf of its callers, from one provider. */
  #role(name: string, credentialProvider: CredentialProvider): Role {
    const role = new Role(this, 'Role', { assumedBy: agentCore(this, `gateway/${name}-*`) });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['bedrock-agentcore:GetWorkloadAccessToken', 'bedrock-agentcore:GetWorkloadAccessTokenForJWT'],
        resources: workloadIdentity(this, name),
      }),
    );
    credentialProvider.grantTokens(role, name, { onlyThrough: false });
    Validations.of(role).acknowledge({
      id: `AwsSolutions::AwsSolutions-IAM5[Resource::${namedIdentity(name)}]`,
      reason: "AgentCore adds to a gateway's name what only it knows.",
    });
    return role;
  }
}
