import { AssetHashType, DockerImage, Names } from 'aws-cdk-lib';
import {
  AgentCoreRuntime,
  AgentRuntimeArtifact,
  type CfnRuntime,
  ProtocolType,
  Runtime,
  RuntimeAuthorizerConfiguration,
  RuntimeCustomClaim,
} from 'aws-cdk-lib/aws-bedrockagentcore';
import { Asset, type AssetProps } from 'aws-cdk-lib/aws-s3-assets';
import { Construct, type IDependable } from 'constructs';
import type { CompiledIdentity } from '../../config/compiled.ts';
import type { CompiledAgent } from '../../config/compiled-agents.ts';
import { agentFolder, bundleAgent, ENTRY_POINT } from '../agent-bundle.ts';
import { agentEnvironment, forwardedHeaders, type Trusted, trustedBy } from '../agent-properties.ts';
import { AgentRole } from './agent-role.ts';
import type { CredentialProvider } from './credential-provider.ts';

export interface AgentRuntimeProps {
  readonly agent: CompiledAgent;
  /** From the root of the repository. */
  readonly folder: string;
  /** The name of the endpoint that is called: it moves on when the new version is ready. */
  readonly qualifier: string;
  /** `iss` of the gateway's own tokens. */
  readonly issuer: string;
  /** Without a trailing slash. */
  readonly gatewayUrl: string;
  readonly identity: CompiledIdentity;
  /** Whether the gateway makes tokens of its own. */
  readonly hasTokens: boolean;
  /** Where the policy lets this agent have tokens for itself. */
  readonly credentialProvider: CredentialProvider | undefined;
}

/** The same for all agents of a folder: one artefact, in JWT mode or in IAM mode. */
const codeOf = (folder: string): AssetProps => ({
  path: agentFolder(folder),
  assetHashType: AssetHashType.OUTPUT,
  bundling: {
    image: DockerImage.fromRegistry('never-used'),
    local: {
      tryBundle: (directory) => {
        bundleAgent(folder, directory);
        return true;
      },
    },
  },
});

const authorizerOf = ({ discoveryUrl, audience, scope, claim }: Trusted): RuntimeAuthorizerConfiguration =>
  RuntimeAuthorizerConfiguration.usingJWT(
    discoveryUrl,
    undefined,
    [audience],
    scope === undefined ? undefined : [scope],
    [RuntimeCustomClaim.withStringValue(claim.name, claim.value)],
  );

/** One agent in AgentCore, with a role of its own. */
export class AgentRuntime extends Construct {
  readonly runtime: Runtime;
  readonly endpoint: IDependable;

  constructor(scope: Construct, id: string, props: AgentRuntimeProps) {
    super(scope, id);
    const { agent, folder, qualifier, issuer, gatewayUrl, identity, hasTokens, credentialProvider } = props;
    const runtimeName = Names.uniqueResourceName(this, { maxLength: 48, separator: '_' });
    const code = new Asset(this, 'Code', codeOf(folder));
    const { role } = new AgentRole(this, 'Execution', { runtimeName, code });
    credentialProvider?.grantTokens(role, runtimeName, { onlyThrough: true });
    const trusted = trustedBy(agent, issuer);
    this.runtime = new Runtime(this, 'Runtime', {
      runtimeName,
      description: `Gatehouse: the agent ${agent.name}`,
      agentRuntimeArtifact: AgentRuntimeArtifact.fromCodeAsset({
        ...codeOf(folder),
        path: agentFolder(folder),
        runtime: AgentCoreRuntime.NODE_22,
        entrypoint: [ENTRY_POINT],
      }),
      // CDK adds nothing to it.
      executionRole: role.withoutPolicyUpdates(),
      protocolConfiguration: agent.protocol === 'a2a' ? ProtocolType.A2A : ProtocolType.HTTP,
      authorizerConfiguration:
        trusted === undefined ? RuntimeAuthorizerConfiguration.usingIAM() : authorizerOf(trusted),
      requestHeaderConfiguration: { allowlistedHeaders: [...forwardedHeaders(agent)] },
      environmentVariables: {
        ...agentEnvironment(agent, gatewayUrl, identity, hasTokens ? issuer : undefined),
        ...(credentialProvider === undefined ? {} : { CREDENTIAL_PROVIDER: credentialProvider.providerName }),
      },
      tracingEnabled: true,
    });
    this.runtime.node.addDependency(role);
    this.endpoint = this.runtime.addEndpoint(qualifier);
  }

  get resource(): CfnRuntime {
    return this.runtime.node.defaultChild as CfnRuntime;
  }
}
