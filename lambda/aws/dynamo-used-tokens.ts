import type { Clock } from '../core/clock.ts';
import { Refusal } from '../core/refusal.ts';
import type { UsedTokens } from '../token/ports.ts';
import { AwsError } from './aws-error.ts';
import type { AwsJsonClient } from './json-client.ts';

export interface DynamoUsedTokensOptions {
  readonly table: string;
  readonly client: AwsJsonClient;
  readonly clock: Clock;
  /** For one write, retries included. */
  readonly timeoutMs: number;
}

/** The cleaner may come late but never early, whatever its clock says. */
const TTL_SLACK_SECONDS = 3_600;

/**
 * Used tokens in DynamoDB: one item for each, `pk = U#<key>`, in the table of the limits.
 *
 * Attributes: `u` until (ms), `ttl` when it may be cleaned away (s). Needs `dynamodb:PutItem`. A write of which nobody knows
 * whether it took effect is not repeated: the second would find the first, and take a good token for a used one.
 */
export const dynamoUsedTokens = ({ table, client, clock, timeoutMs }: DynamoUsedTokensOptions): UsedTokens => ({
  async use(key, untilMs) {
    const input = {
      TableName: table,
      Item: {
        pk: { S: `U#${key}` },
        u: { N: String(untilMs) },
        ttl: { N: String(Math.ceil(untilMs / 1_000) + TTL_SLACK_SECONDS) },
      },
      ConditionExpression: 'attribute_not_exists(pk) OR #u <= :now',
      ExpressionAttributeNames: { '#u': 'u' },
      ExpressionAttributeValues: { ':now': { N: String(clock()) } },
    };
    try {
      await client.send('PutItem', input, { signal: AbortSignal.timeout(timeoutMs), repeat: 'if-not-applied' });
      return true;
    } catch (cause) {
      if (!(cause instanceof AwsError)) throw cause;
      if (cause.type === 'ConditionalCheckFailedException') return false;
      throw new Refusal(
        'limits_unavailable',
        { store: 'dynamodb', reason: cause.type },
        { cause, retryAfterSeconds: 1 },
      );
    }
  },
});
