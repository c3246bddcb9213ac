import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

export interface SigningKeyProps {
  /** What is made with it: `seals what MCP clients carry between calls`. */
  readonly purpose: string;
  /** Why nobody has to rotate it. */
  readonly reason: string;
}

/** A key for HMACs, of which only this gateway makes use: made in the account, known to nobody. */
export class SigningKey extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, { purpose, reason }: SigningKeyProps) {
    super(scope, id);
    const secret = new Secret(this, 'Secret', {
      description: `Gatehouse: ${purpose}`,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      // Nothing is lost with it but what callers are in the middle of.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SMG4',
      reason,
    });
    this.arn = secret.secretArn;
  }

  grantRead(grantee: IGrantable): void {
    Grant.addToPrincipal({ grantee, actions: ['secretsmanager:GetSecretValue'], resourceArns: [this.arn] });
  }
}
