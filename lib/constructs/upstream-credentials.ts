import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

export interface UpstreamCredentialsProps {
  /** Names under `credentials:` in gateway.yaml. */
  readonly names: readonly string[];
}

/** An ARN without the name in it, as CloudFormation makes them in the longest Region, and the quotes around both in JSON. */
const ARN_CHARACTERS = 111;
/** Lambda's 4 KB, less what else stands there. Found at synth, not in the middle of a deployment. */
const ENVIRONMENT_CHARACTERS = 3_600;

/** One secret per credential, made without a value: whoever runs the gateway puts the key in, and no template ever holds it. */
export class UpstreamCredentials extends Construct {
  readonly #secrets: ReadonlyMap<string, Secret>;

  constructor(scope: Construct, id: string, { names }: UpstreamCredentialsProps) {
    super(scope, id);
    const characters = names.reduce((sum, name) => sum + 2 * name.length + ARN_CHARACTERS, 0);
    if (characters > ENVIRONMENT_CHARACTERS) {
      throw new Error(
        `credentials: ${names.length} names take some ${characters} characters of a function's environment, which holds ${ENVIRONMENT_CHARACTERS}: use fewer, or shorter names`,
      );
    }
    this.#secrets = new Map(names.map((name) => [name, this.#secretFor(name)]));
  }

  /** All of them, as `arnsOf` gives some. */
  get arns(): string {
    return this.arnsOf([...this.#secrets.keys()]);
  }

  /** JSON from credential name to the ARN of its secret; `others` are secrets that the deployment makes. */
  arnsOf(names: readonly string[], others: Readonly<Record<string, string>> = {}): string {
    const arns = this.#named(names).map(([name, secret]) => [name, secret.secretArn]);
    return Stack.of(this).toJsonString({ ...Object.fromEntries(arns), ...others });
  }

  /** Reading the values of these, and nothing else. */
  grantRead(grantee: IGrantable, names: readonly string[]): void {
    const resourceArns = this.#named(names).map(([, { secretArn }]) => secretArn);
    if (resourceArns.length === 0) return;
    Grant.addToPrincipal({ grantee, actions: ['secretsmanager:GetSecretValue'], resourceArns });
  }

  #named(names: readonly string[]): readonly (readonly [string, Secret])[] {
    return [...this.#secrets].filter(([name]) => names.includes(name));
  }

  #secretFor(name: string): Secret {
    const secret = new Secret(this, name, {
      description: `Gatehouse credential ${name}: what the upstream takes, as plain text`,
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
