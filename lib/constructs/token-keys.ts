import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccountRootPrincipal, Grant, type IGrantable, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { CompiledTokens } from '../../config/compiled-tokens.ts';

export interface TokenKeysProps {
  readonly tokens: CompiledTokens;
}

/**
 * What the account may do, and through it whoever its IAM policies allow: look after keys, but neither sign nor give grants
 * to sign. A key whose policy lets nobody look after it could never be changed again.
 * Source: KMS developer guide, "Default key policy", key administrators.
 */
const ADMINISTER = [
  ...[
    'CancelKeyDeletion',
    'DeleteAlias',
    'DescribeKey',
    'DisableKey',
    'EnableKey',
    'GetKeyPolicy',
    'GetKeyRotationStatus',
  ],
  ...['ListGrants', 'ListKeyPolicies', 'ListResourceTags', 'PutKeyPolicy', 'ScheduleKeyDeletion'],
  ...['TagResource', 'UntagResource', 'UpdateKeyDescription', 'CreateAlias', 'UpdateAlias'],
].map((action) => `kms:${action}`);

/**
 * The keys that sign the gateway's own tokens: the one of the policy's number, the next, and the one before. When the number
 * moves, the keys that stay keep their logical ids, and the one that leaves is kept in the account.
 */
export class TokenKeys extends Construct {
  readonly #current: Key;
  /** The one that signs, then the others. */
  readonly #published: readonly Key[];

  constructor(scope: Construct, id: string, { tokens: { signingKey } }: TokenKeysProps) {
    super(scope, id);
    const before = signingKey > 1 ? [this.#keyOf(signingKey - 1)] : [];
    this.#current = this.#keyOf(signingKey);
    this.#published = [this.#current, this.#keyOf(signingKey + 1), ...before];
  }

  /** JSON: current, next, previous. */
  get ids(): string {
    return Stack.of(this).toJsonString(this.#published.map(({ keyId }) => keyId));
  }

  /** Reading all public keys. */
  grantRead(grantee: IGrantable): void {
    for (const key of this.#published) allow(key, grantee, 'kms:GetPublicKey');
  }

  /** RS256 with the key that signs now, and with no other. */
  grantSign(grantee: IGrantable): void {
    allow(this.#current, grantee, 'kms:Sign', {
      StringEquals: { 'kms:SigningAlgorithm': 'RSASSA_PKCS1_V1_5_SHA_256' },
    });
  }

  #keyOf(number: number): Key {
    return new Key(this, `Key${number}`, {
      description: `Gatehouse: signs tokens, key ${number}`,
      keySpec: KeySpec.RSA_2048,
      keyUsage: KeyUsage.SIGN_VERIFY,
      policy: new PolicyDocument({
        statements: [
          new PolicyStatement({ principals: [new AccountRootPrincipal()], actions: ADMINISTER, resources: ['*'] }),
        ],
      }),
      // Tokens that it signed have to be verified, and a key that was deleted can't be made again.
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}

/** In the key's policy, which alone decides, and in the role's, where a reader of roles looks. */
const allow = (key: Key, grantee: IGrantable, action: string, conditions = {}): void => {
  key.addToResourcePolicy(
    new PolicyStatement({ principals: [grantee.grantPrincipal], actions: [action], resources: ['*'], conditions }),
  );
  Grant.addToPrincipal({ grantee, actions: [action], resourceArns: [key.keyArn], conditions });
};
