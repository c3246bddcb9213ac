import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { OWN_CLIENT } from '../own-client.ts';

/** What the mcp function shows to the token endpoint: made in the account, known to nobody, as JSON clientId and clientSecret. */
export class OwnClient extends Construct {
  /** Its name in the policy, and the ARN of its secret. */
  readonly arns: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const secret = new Secret(this, 'Secret', {
      description: 'Gatehouse: the client under which tool calls get tokens of the gateway itself',
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ clientId: OWN_CLIENT }),
        generateStringKey: 'clientSecret',
        passwordLength: 64,
        excludePunctuation: true,
      },
      // Both sides read it anew: nothing is lost with it.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SMG4',
      reason:
        'Only two functions of this stack know it, and read a new value within a minute: put one in whenever you like.',
    });
    this.arns = { [OWN_CLIENT]: secret.secretArn };
  }

  grantRead(grantee: IGrantable): void {
    Grant.addToPrincipal({
      grantee,
      actions: ['secretsmanager:GetSecretValue'],
      resourceArns: Object.values(this.arns),
    });
  }
}
