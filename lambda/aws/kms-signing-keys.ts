import { createPublicKey, hash } from 'node:crypto';
import { Refusal } from '../core/refusal.ts';
import type { PublicJwk, SigningKeys } from '../issuing/signing-keys.ts';
import { AwsError } from './aws-error.ts';
import type { AwsJsonClient } from './json-client.ts';

export interface KmsSigningKeysOptions {
  readonly client: AwsJsonClient;
  /** Ids or ARNs: the key that signs, then the others that are published. */
  readonly keyIds: readonly [string, ...string[]];
  /** For one call, retries included. */
  readonly timeoutMs: number;
  readonly toPublicJwk: (jwk: object) => PublicJwk;
}

const ALGORITHM = 'RSASSA_PKCS1_V1_5_SHA_256';

/**
 * RSA keys in KMS, which never leave it. Public keys are asked for once in a process: those of a KMS key never change.
 *
 * Needs `kms:Sign` for the first key and `kms:GetPublicKey` for all.
 * Source: AWS KMS API Reference, Sign and GetPublicKey.
 */
export const kmsSigningKeys = ({ client, keyIds, timeoutMs, toPublicJwk }: KmsSigningKeysOptions): SigningKeys => {
  const [signingId] = keyIds;
  let asking: Promise<readonly [PublicJwk, ...PublicJwk[]]> | undefined;

  const send = async (operation: string, input: object, member: string): Promise<Buffer> => {
    try {
      const reply = await client.send(operation, input, { signal: AbortSignal.timeout(timeoutMs) });
      const value = reply[member];
      if (typeof value !== 'string' || value === '') throw new AwsError('MalformedReply');
      return Buffer.from(value, 'base64');
    } catch (cause) {
      if (!(cause instanceof AwsError)) throw cause;
      throw new Refusal('signing_unavailable', { store: 'kms', reason: cause.type }, { cause, retryAfterSeconds: 1 });
    }
  };

  const publicKey = async (KeyId: string): Promise<PublicJwk> => {
    const der = await send('GetPublicKey', { KeyId }, 'PublicKey');
    return toPublicJwk(createPublicKey({ key: der, format: 'der', type: 'spki' }).export({ format: 'jwk' }));
  };

  const published = (): Promise<readonly [PublicJwk, ...PublicJwk[]]> => {
    asking ??= Promise.all(keyIds.map(publicKey)).then(
      (keys) => keys as [PublicJwk, ...PublicJwk[]],
      (error: unknown) => {
        asking = undefined;
        throw error;
      },
    );
    return asking;
  };

  return {
    published,
    async sign(input, kid) {
      const [first] = await published();
      if (kid !== first.kid) throw new Error('another key signs');
      const Message = hash('sha256', input, 'base64');
      return send(
        'Sign',
        { KeyId: signingId, Message, MessageType: 'DIGEST', SigningAlgorithm: ALGORITHM },
        'Signature',
      );
    },
  };
};
