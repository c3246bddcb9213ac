import { Names, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { CfnOAuth2CredentialProvider } from 'aws-cdk-lib/aws-bedrockagentcore';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { CompiledCredentialProvider } from '../../config/compiled-agent-core.ts';
import { discoveryOf } from '../agent-properties.ts';
import { tokenVault, workloadIdentity } from '../agentcore-identity.ts';

const SECRET_KEY = 'clientSecret';

/**
 * How AgentCore Identity asks for a token. The actor is whoever the client is: identity providers take no token of AWS for it.
 *
 * Source: AgentCore developer guide, "On-behalf-of token exchange".
 */
const GRANTS: Readonly<
  Record<
    CompiledCredentialProvider['grant'],
    CfnOAuth2CredentialProvider.OnBehalfOfTokenExchangeConfigProperty & { readonly proof: string }
  >
> = {
  'token-exchange': {
    grantType: 'TOKEN_EXCHANGE',
    tokenExchangeGrantTypeConfig: { actorTokenContent: 'NONE' },
    proof: 'CLIENT_SECRET_BASIC',
  },
  'jwt-bearer': { grantType: 'JWT_AUTHORIZATION_GRANT', proof: 'CLIENT_SECRET_POST' },
};

/**
 * A client of an identity provider in AgentCore Identity, for tokens on behalf of callers. Its secret is in Secrets Manager:
 * no template holds it, and AgentCore reads it there.
 */
export class CredentialProvider extends Construct {
  readonly providerName: string;
  readonly providerArn: string;
  readonly secretArn: string;

  constructor(scope: Construct, id: string, { issuer, grant, clientId }: CompiledCredentialProvider) {
    super(scope, id);
    this.secretArn = this.#secret().secretArn;
    this.providerName = Names.uniqueResourceName(this, { maxLength: 64, separator: '_' });
    const { proof, ...onBehalfOfTokenExchangeConfig } = GRANTS[grant];
    this.providerArn = new CfnOAuth2CredentialProvider(this, 'Provider', {
      name: this.providerName,
      credentialProviderVendor: 'CustomOauth2',
      oauth2ProviderConfigInput: {
        customOauth2ProviderConfig: {
          clientId,
          clientSecretSource: 'EXTERNAL',
          clientSecretConfig: { secretId: this.secretArn, jsonKey: SECRET_KEY },
          clientAuthenticationMethod: proof,
          oauthDiscovery: { discoveryUrl: discoveryOf(issuer) },
          onBehalfOfTokenExchangeConfig,
        },
      },
    }).attrCredentialProviderArn;
  }

  /**
   * Tokens from this provider, as the workload of that name. AgentCore reads the secret in the role's name (a forward access
   * session); `onlyThrough`: the role itself never can.
   */
  grantTokens(role: Role, workload: string, { onlyThrough }: { readonly onlyThrough: boolean }): void {
    role.addToPolicy(
      new PolicyStatement({
        actions: ['bedrock-agentcore:GetResourceOauth2Token'],
        resources: [tokenVault(this), this.providerArn, ...workloadIdentity(this, workload)],
      }),
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: ['secretsmanager:GetSecretValue'],
        resources: [this.secretArn],
        ...(onlyThrough ? { conditions: { Bool: { 'aws:ViaAWSService': 'true' } } } : {}),
      }),
    );
  }

  /** There from the first deployment on, under the key that AgentCore reads, with a value that no provider takes. */
  #secret(): Secret {
    const secret = new Secret(this, 'ClientSecret', {
      description: `Gatehouse: the client secret of AgentCore at the identity provider, as JSON {"${SECRET_KEY}": "..."}`,
      // What somebody put in is not the stack's to delete.
      removalPolicy: RemovalPolicy.RETAIN,
      // Never change this template: CloudFormation would then write a new value over it.
      generateSecretString: { secretStringTemplate: '{}', generateStringKey: SECRET_KEY, excludePunctuation: true },
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SMG4',
      reason: "The secret is the identity provider's: only a person can rotate it there.",
    });
    return secret;
  }
}
