import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

/** What seals the cursors and states that MCP clients carry between calls: made in the account, known to nobody. */
export class SigningKey extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const secret = new Secret(this, 'Secret', {
      description: 'Gatehouse: seals what MCP clients carry between calls',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      // Nothing is lost with it but the cursors of a few minutes.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SMG4',
      reason: 'What it seals is good for minutes only. A new value can be put in at any time; lists then start over.',
    });
    this.arn = secret.secretArn;
  }

  grantRead(grantee: IGrantable): void {
    Grant.addToPrincipal({ grantee, actions: ['secretsmanager:GetSecretValue'], resourceArns: [this.arn] });
  }
}
