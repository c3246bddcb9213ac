import type { Clock } from '../core/clock.ts';
import { AwsError } from './aws-error.ts';
import type { AwsJsonClient } from './json-client.ts';

/** What one take adds to one item: all counters of a bucket that share a window length. */
export interface WindowDemand {
  readonly bucket: string;
  readonly windowSeconds: number;
  /** By counter name: how much to add, and the most that may have been used before. A negative `most` is never met. */
  readonly counters: ReadonlyMap<string, { readonly amount: number; readonly most: number }>;
}

/** The item after the take if `taken`, as it stands if not. Used counts are by counter name. */
export interface WindowTake {
  readonly taken: boolean;
  readonly startMs: number;
  readonly used: ReadonlyMap<string, number>;
}

export interface WindowStore {
  readonly table: string;
  readonly client: AwsJsonClient;
  readonly clock: Clock;
}

/** Another caller can always be a step ahead; this often in a row means that something is wrong. */
const MAX_ROUNDS = 4;

/** The cleaner may come late but never early, whatever its clock says. */
const TTL_SLACK_SECONDS = 3_600;

type Item = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;

/**
 * Adds every counter of one item, or none. One write in the common case.
 *
 * `takeId` is written with each change. When a write was applied but its answer was lost, the repeated write fails on it
 * and the read finds it, so the call is charged once, unless another call of the same bucket wrote in between.
 */
export const takeWindow = async (
  store: WindowStore,
  demand: WindowDemand,
  takeId: string,
  signal: AbortSignal,
): Promise<WindowTake> => {
  const { clock } = store;
  const windowMs = demand.windowSeconds * 1000;
  const counters = [...demand.counters];
  const everFits = counters.every(([, { most }]) => most >= 0);

  for (let round = 0; round < MAX_ROUNDS; round++) {
    const now = clock();
    if (everFits) {
      const added = await addToOpenWindow(store, demand, takeId, now, signal);
      if (added !== undefined) return added;
      if (await openWindow(store, demand, takeId, now, signal)) {
        return { taken: true, startMs: now, used: new Map(counters.map(([name, { amount }]) => [name, amount])) };
      }
    }
    const item = await readItem(store, demand, signal);
    const startMs = Number(item.s?.N ?? Number.NEGATIVE_INFINITY);
    if (item.r?.S === takeId) return toTake(true, demand, item);
    const isOpen = startMs > now - windowMs;
    if (isOpen && counters.some(([name, { most }]) => usedOf(item, name) > most)) return toTake(false, demand, item);
    if (!everFits) return isOpen ? toTake(false, demand, item) : { taken: false, startMs: now, used: new Map() };
  }
  throw new AwsError('Contention');
};

/** Takes back what a take added, if its window is still the same. Never repeated when in doubt: that could give away calls. */
export const giveBack = async (
  store: WindowStore,
  demand: WindowDemand,
  startMs: number,
  signal: AbortSignal,
): Promise<void> => {
  const { names, values, adds } = additions(demand, -1);
  const input = {
    TableName: store.table,
    Key: keyOf(demand),
    UpdateExpression: `ADD ${adds}`,
    ConditionExpression: '#s = :s',
    ExpressionAttributeNames: { ...names, '#s': 's' },
    ExpressionAttributeValues: { ...values, ':s': number(startMs) },
  };
  await onCondition(store.client.send('UpdateItem', input, { signal, repeat: 'if-not-applied' }));
};

const addToOpenWindow = async (
  store: WindowStore,
  demand: WindowDemand,
  takeId: string,
  now: number,
  signal: AbortSignal,
): Promise<WindowTake | undefined> => {
  const { names, values, adds } = additions(demand, 1);
  const mosts = [...demand.counters.values()].map(({ most }, i) => [`:m${i}`, number(most)] as const);
  const rooms = mosts.map(([most], i) => `(attribute_not_exists(#n${i}) OR #n${i} <= ${most})`);
  const reply = await onCondition(
    store.client.send(
      'UpdateItem',
      {
        TableName: store.table,
        Key: keyOf(demand),
        UpdateExpression: `SET #r = :r ADD ${adds}`,
        ConditionExpression: `#s > :ended AND #r <> :r AND ${rooms.join(' AND ')}`,
        ExpressionAttributeNames: { ...names, '#s': 's', '#r': 'r' },
        ExpressionAttributeValues: {
          ...values,
          ...Object.fromEntries(mosts),
          ':r': { S: takeId },
          ':ended': number(now - demand.windowSeconds * 1000),
        },
        ReturnValues: 'ALL_NEW',
      },
      { signal },
    ),
  );
  return reply === undefined ? undefined : toTake(true, demand, (reply.Attributes ?? {}) as Item);
};

/** A fresh item replaces the whole of the old one, so that counters of the last window can't live on under other names. */
const openWindow = async (
  store: WindowStore,
  demand: WindowDemand,
  takeId: string,
  now: number,
  signal: AbortSignal,
): Promise<boolean> => {
  const counters = [...demand.counters].map(([name, { amount }]) => [attributeOf(name), number(amount)] as const);
  const input = {
    TableName: store.table,
    Item: {
      ...Object.fromEntries(counters),
      ...keyOf(demand),
      s: number(now),
      r: { S: takeId },
      ttl: number(Math.ceil(now / 1000) + demand.windowSeconds + TTL_SLACK_SECONDS),
    },
    ConditionExpression: 'attribute_not_exists(#pk) OR #s <= :ended',
    ExpressionAttributeNames: { '#pk': 'pk', '#s': 's' },
    ExpressionAttributeValues: { ':ended': number(now - demand.windowSeconds * 1000) },
  };
  return (await onCondition(store.client.send('PutItem', input, { signal }))) !== undefined;
};

const readItem = async (store: WindowStore, demand: WindowDemand, signal: AbortSignal): Promise<Item> => {
  const input = { TableName: store.table, Key: keyOf(demand), ConsistentRead: true };
  const reply = await store.client.send('GetItem', input, { signal });
  return (reply.Item ?? {}) as Item;
};

/** The reply, or undefined when the condition did not hold. */
const onCondition = async <Reply>(sent: Promise<Reply>): Promise<Reply | undefined> => {
  try {
    return await sent;
  } catch (error) {
    if (error instanceof AwsError && error.type === 'ConditionalCheckFailedException') return undefined;
    throw error;
  }
};

const additions = (demand: WindowDemand, sign: 1 | -1) => {
  const counters = [...demand.counters];
  return {
    names: Object.fromEntries(counters.map(([name], i) => [`#n${i}`, attributeOf(name)])),
    values: Object.fromEntries(counters.map(([, { amount }], i) => [`:a${i}`, number(sign * amount)])),
    adds: counters.map((_, i) => `#n${i} :a${i}`).join(', '),
  };
};

const toTake = (taken: boolean, demand: WindowDemand, item: Item): WindowTake => ({
  taken,
  startMs: Number(item.s?.N),
  used: new Map([...demand.counters.keys()].map((name) => [name, usedOf(item, name)])),
});

const keyOf = ({ bucket, windowSeconds }: WindowDemand) => ({ pk: { S: `L#${bucket}#${windowSeconds}` } });

/** The prefix keeps a counter called `pk`, `s`, `r` or `ttl` from being taken for the item's own attribute. */
const attributeOf = (name: string): string => `c#${name}`;

const usedOf = (item: Item, name: string): number => Number(item[attributeOf(name)]?.N ?? 0);

const number = (value: number) => ({ N: String(value) });
