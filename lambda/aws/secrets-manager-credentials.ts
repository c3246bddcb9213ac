import { Hidden } from '../core/hidden.ts';
import type { ReadSecret } from '../outbound-auth/cached-credentials.ts';
import { AwsError } from './aws-error.ts';
import type { AwsJsonClient } from './json-client.ts';

export interface SecretsManagerOptions {
  readonly client: AwsJsonClient;
  /** What stands before a credential's name in its secret id. */
  readonly prefix: string;
  readonly timeoutMs: number;
}

/** A new secret holds a random text that starts like this until somebody puts the real value in. */
const UNSET_PREFIX = 'gatehouse-unset-';

/**
 * Reads credentials from Secrets Manager, to be wrapped in `cachedCredentials`.
 *
 * Shape:  the secret's text, trimmed; of a JSON object the string under `value` or `apiKey`. Empty and placeholder are unset.
 * Errors: `AwsError` if the service can't be asked.
 * Source: Secrets Manager API Reference, GetSecretValue.
 */
export const secretsManagerCredentials =
  ({ client, prefix, timeoutMs }: SecretsManagerOptions): ReadSecret =>
  async (name) => {
    const reply = await getSecretValue(client, `${prefix}${name}`, timeoutMs);
    const text = secretText(reply?.SecretString);
    return text === '' || text.startsWith(UNSET_PREFIX) ? undefined : new Hidden(text);
  };

const getSecretValue = async (client: AwsJsonClient, secretId: string, timeoutMs: number) => {
  try {
    return await client.send('GetSecretValue', { SecretId: secretId }, { signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    // Also answered for a secret that was created without any value.
    if (error instanceof AwsError && error.type === 'ResourceNotFoundException') return undefined;
    throw error;
  }
};

const secretText = (raw: unknown): string => {
  if (typeof raw !== 'string') return '';
  const text = raw.trim();
  if (!text.startsWith('{')) return text;
  try {
    const json = JSON.parse(text) as { readonly value?: unknown; readonly apiKey?: unknown };
    const member = json.value ?? json.apiKey;
    return typeof member === 'string' ? member.trim() : text;
  } catch {
    return text;
  }
};
