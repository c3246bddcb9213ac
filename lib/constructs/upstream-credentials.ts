import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

export interface UpstreamCredentialsProps {
  /** Names under `credentials:` in gateway.yaml. */
  readonly names: readonly string[];
}

/** One secret per credential, made without a value: whoever runs the gateway puts the key in, and no template ever holds it. */
export class UpstreamCredentials extends Construct {
  readonly #secrets: ReadonlyMap<string, Secret>;

  constructor(scope: Construct, id: string, { names }: UpstreamCredentialsProps) {
    super(scope, id);
    this.#secrets = new Map(names.map((name) => [name, this.#secretFor(name)]));
  }

  /** JSON from credential name to the ARN of its secret. */
  get arns(): string {
    const arns = [...this.#secrets].map(([name, secret]) => [name, secret.secretArn]);
    return Stack.of(this).toJsonString(Object.fromEntries(arns));
  }

  /** Reading values, and nothing else. */
  grantRead(grantee: IGrantable): void {
    const resourceArns = [...this.#secrets.values()].map(({ secretArn }) => secretArn);
    if (resourceArns.length === 0) return;
    Grant.addToPrincipal({ grantee, actions: ['secretsmanager:GetSecretValue'], resourceArns });
  }

  #secretFor(name: string): Secret {
    const secret = new Secret(this, name, {
      description: `Gatehouse credential ${name}: the provider's key, as plain text`,
      // A key that somebody put in is not the stack's to delete.
      removalPolicy: RemovalPolicy.RETAIN,
      // Never change this template: CloudFormation would then write a new value over the key.
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ value: 'gatehouse-unset-' }),
        generateStringKey: 'nonce',
      },
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SMG4',
      reason:
        "The key is the provider's: only a person can rotate it there. The gateway reads a new value within a minute.",
    });
    return secret;
  }
}
