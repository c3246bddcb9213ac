import type { Clock } from '../core/clock.ts';
import type { Eviction, ProviderHealth, Written } from '../providers/provider-health.ts';
import { AwsError } from './aws-error.ts';
import type { AwsJsonClient } from './json-client.ts';

export interface DynamoProviderHealthOptions {
  readonly table: string;
  readonly client: AwsJsonClient;
  readonly clock: Clock;
  /** For one read or write, retries included. */
  readonly timeoutMs: number;
  /** How long after its end an eviction is remembered: `FORGOTTEN_AFTER_MS`. */
  readonly forgottenAfterMs: number;
}

/** The cleaner may come late but never early, whatever its clock says. */
const TTL_SLACK_SECONDS = 3_600;

type Item = Readonly<Record<string, { readonly N?: string }>>;

/**
 * Evictions in DynamoDB: one item for each provider and model, `pk = H#<key>`, in the table of the limits.
 *
 * Attributes: `n` times, `s` since, `u` until, `t` tried until (ms), `ttl` when it may be cleaned away (s).
 * Needs `dynamodb:UpdateItem` and `GetItem`. Every write has a condition, so that processes agree without a lock.
 */
export const dynamoProviderHealth = (options: DynamoProviderHealthOptions): ProviderHealth => {
  const { table, client, clock, timeoutMs, forgottenAfterMs } = options;

  const readOne = async (key: string, signal: AbortSignal): Promise<readonly (readonly [string, Eviction])[]> => {
    const input = { TableName: table, Key: keyOf(key), ConsistentRead: true };
    const { Item } = await client.send('GetItem', input, { signal });
    const eviction = toEviction((Item ?? {}) as Item);
    return eviction === undefined || eviction.untilMs + forgottenAfterMs <= clock() ? [] : [[key, eviction]];
  };

  const update = async (
    key: string,
    change: string,
    condition: string,
    values: Readonly<Record<string, number>>,
  ): Promise<Written> => {
    const now = clock();
    const known = { ':now': now, ':forgotten': now - forgottenAfterMs, ...values };
    const input = {
      TableName: table,
      Key: keyOf(key),
      UpdateExpression: change,
      ConditionExpression: condition,
      ...namesAndValues(`${change} ${condition}`, known),
    };
    try {
      await client.send('UpdateItem', input, { signal: AbortSignal.timeout(timeoutMs) });
      return 'written';
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return error.type === 'ConditionalCheckFailedException' ? 'overtaken' : 'unavailable';
    }
  };

  return {
    async read(keys) {
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        return new Map((await Promise.all(keys.map((key) => readOne(key, signal)))).flat());
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        return undefined;
      }
    },
    evict: (key, untilMs, times) =>
      update(
        key,
        'SET #n = :n, #s = :now, #u = :u, #ttl = :ttl REMOVE #t',
        'attribute_not_exists(#n) OR #n < :n OR #u <= :forgotten OR (#n = :n AND #u < :u)',
        { ':n': times, ':u': untilMs, ':ttl': Math.ceil((untilMs + forgottenAfterMs) / 1000) + TTL_SLACK_SECONDS },
      ),
    startTry: (key, untilMs, times) =>
      update(key, 'SET #t = :t', `${MEANT} AND #u <= :now AND (attribute_not_exists(#t) OR #t <= :now)`, {
        ':n': times,
        ':t': untilMs,
      }),
    endTry: (key, times) => update(key, 'REMOVE #t', MEANT, { ':n': times }),
    clear: (key, times) => update(key, 'REMOVE #n, #s, #u, #t', MEANT, { ':n': times }),
  };
};

/** The eviction is still the one that is meant. */
const MEANT = '#n = :n AND #u > :forgotten';

/** What an expression uses, and no more: DynamoDB refuses the rest. `#u` is the attribute `u`: some names are reserved. */
const namesAndValues = (expression: string, known: Readonly<Record<string, number>>) => {
  const found = (mark: RegExp): string[] => [...expression.matchAll(mark)].map(([name]) => name);
  return {
    ExpressionAttributeNames: Object.fromEntries(found(/#\w+/g).map((name) => [name, name.slice(1)])),
    ExpressionAttributeValues: Object.fromEntries(found(/:\w+/g).map((name) => [name, { N: String(known[name]) }])),
  };
};

const keyOf = (key: string) => ({ pk: { S: `H#${key}` } });

const toEviction = ({ n, s, u, t }: Item): Eviction | undefined =>
  n?.N === undefined || u?.N === undefined
    ? undefined
    : {
        times: Number(n.N),
        sinceMs: Number(s?.N ?? 0),
        untilMs: Number(u.N),
        ...(t?.N === undefined ? {} : { triedUntilMs: Number(t.N) }),
      };
