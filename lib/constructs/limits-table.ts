import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

/** As lambda/aws writes them. */
const KEYS = { limits: 'L#*', health: 'H#*', catalogs: 'C#*', 'used-tokens': 'U#*' } as const;

const ITEM_ACTIONS = ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'];

/**
 * Where limits are counted, and where functions share what they found out: one item per key, removed by its TTL some time
 * after its end. The first letter of a key says what it is.
 */
export class LimitsTable extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      timeToLiveAttribute: 'ttl',
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  /** One item at a time, of these kinds: no scan, no delete, no batch, and nothing that is another function's. */
  grantItems(grantee: IGrantable, kinds: readonly Exclude<keyof typeof KEYS, 'used-tokens'>[]): void {
    this.#grant(grantee, ITEM_ACTIONS, kinds);
  }

  /** Noting that a token was used, once: a conditional write. Whoever could also update could let it be used again. */
  grantUsedTokens(grantee: IGrantable): void {
    this.#grant(grantee, ['dynamodb:PutItem'], ['used-tokens']);
  }

  #grant(grantee: IGrantable, actions: string[], kinds: readonly (keyof typeof KEYS)[]): void {
    Grant.addToPrincipal({
      grantee,
      actions,
      resourceArns: [this.table.tableArn],
      // Source: DynamoDB developer guide, "Using IAM policy conditions for fine-grained access control".
      conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': kinds.map((kind) => KEYS[kind]) } },
    });
  }
}
