import { randomUUID } from 'node:crypto';
import { Refusal } from '../core/refusal.ts';
import type { Demand, LimitCounter, LimitState } from '../policy/limit-counter.ts';
import { AwsError } from './aws-error.ts';
import { giveBack, takeWindow, type WindowDemand, type WindowStore, type WindowTake } from './dynamo-window.ts';

export interface DynamoLimitCounterOptions extends WindowStore {
  /** For one take in all, retries included. Giving back gets as much again. */
  readonly timeoutMs: number;
  /** A name for one take that no other take has. */
  readonly createId?: () => string;
}

type Outcome = PromiseSettledResult<WindowTake>;

/**
 * Limits in DynamoDB: one item for each bucket and window length, `pk = L#<bucket>#<windowSeconds>`.
 *
 * Attributes: `s` window start (ms), `c#<name>` one a counter, `r` the last take, `ttl` when it may be cleaned away (s).
 * Needs `dynamodb:UpdateItem`, `PutItem` and `GetItem`. docs/decisions/002-windows.md has the algorithm and its bounds.
 */
export const dynamoLimitCounter = (options: DynamoLimitCounterOptions): LimitCounter => {
  const { timeoutMs, clock, createId = randomUUID } = options;

  const giveAllBack = async (windows: readonly Window[], outcomes: readonly Outcome[]): Promise<void> => {
    const signal = AbortSignal.timeout(timeoutMs);
    const given = windows.map(async ({ demand }, i) => {
      const outcome = outcomes[i];
      if (outcome?.status === 'fulfilled' && outcome.value.taken) {
        await giveBack(options, demand, outcome.value.startMs, signal);
      }
    });
    // What can't be given back stays charged until its window ends: too strict by one call, never too generous.
    for (const result of await Promise.allSettled(given)) rethrowBug(result);
  };

  return {
    async take(demands) {
      const windows = groupByItem(demands);
      const takeId = createId();
      const signal = AbortSignal.timeout(timeoutMs);
      const outcomes = await Promise.allSettled(
        windows.map(({ demand }) => takeWindow(options, demand, takeId, signal)),
      );
      if (outcomes.every((outcome) => outcome.status === 'fulfilled' && outcome.value.taken)) {
        return { states: toStates(demands, windows, outcomes, 'kept', clock()) };
      }

      await giveAllBack(windows, outcomes);
      for (const outcome of outcomes) rethrowBug(outcome);
      const refusedBy = firstWithoutRoom(demands, windows, outcomes);
      // A full limit refuses even if another could not be asked: `limitsFailure: open` must not lift it.
      if (refusedBy === undefined) throw toUnavailable(outcomes);
      return { refusedBy, states: toStates(demands, windows, outcomes, 'given-back', clock()) };
    },
  };
};

interface Window {
  readonly demand: WindowDemand;
  /** Indices into the demands. */
  readonly members: readonly number[];
}

/** Two demands on one counter add up: each must have room after the ones before it. */
const groupByItem = (demands: readonly Demand[]): readonly Window[] => {
  const byItem = Map.groupBy(demands.keys(), (i) => itemOf(demands[i]));
  return [...byItem.values()].map((members) => {
    const counters = new Map<string, { amount: number; most: number }>();
    for (const { name, amount, limit } of members.flatMap((i) => demands[i] ?? [])) {
      const before = counters.get(name) ?? { amount: 0, most: Number.MAX_SAFE_INTEGER };
      const total = before.amount + amount;
      counters.set(name, { amount: total, most: Math.min(before.most, limit - total) });
    }
    const { bucket = '', windowSeconds = 0 } = demands[members[0] ?? 0] ?? {};
    return { demand: { bucket, windowSeconds, counters }, members };
  });
};

const itemOf = (demand: Demand | undefined): string => `${demand?.windowSeconds}#${demand?.bucket}`;

const firstWithoutRoom = (
  demands: readonly Demand[],
  windows: readonly Window[],
  outcomes: readonly Outcome[],
): number | undefined => {
  const full = windows.flatMap(({ members }, i) => {
    const outcome = outcomes[i];
    if (outcome?.status !== 'fulfilled' || outcome.value.taken) return [];
    const asked = new Map<string, number>();
    return members.filter((member) => {
      const { name, amount, limit } = demands[member] ?? { name: '', amount: 0, limit: 0 };
      asked.set(name, (asked.get(name) ?? 0) + amount);
      return (outcome.value.used.get(name) ?? 0) + (asked.get(name) ?? 0) > limit;
    });
  });
  return full.length === 0 ? undefined : Math.min(...full);
};

const toStates = (
  demands: readonly Demand[],
  windows: readonly Window[],
  outcomes: readonly Outcome[],
  taken: 'kept' | 'given-back',
  now: number,
): readonly LimitState[] => {
  const windowOf = new Map(windows.flatMap(({ members }, w) => members.map((member) => [member, w] as const)));
  return demands.map(({ name, limit, windowSeconds }, i) => {
    const w = windowOf.get(i) ?? 0;
    const outcome = outcomes[w];
    // Nobody knows how much of this one is left: say nothing is.
    if (outcome?.status !== 'fulfilled') return { used: limit, resetsAtMs: now + windowSeconds * 1000 };
    const { value } = outcome;
    const back = taken === 'given-back' && value.taken ? (windows[w]?.demand.counters.get(name)?.amount ?? 0) : 0;
    return { used: (value.used.get(name) ?? 0) - back, resetsAtMs: value.startMs + windowSeconds * 1000 };
  });
};

/**
 * `ValidationException` is about what was asked, not about the store: an item that is full, above all. With `limitsFailure:
 * open` a caller that fills its own item would be rid of its limits.
 */
const rethrowBug = (result: PromiseSettledResult<unknown>): void => {
  if (result.status === 'fulfilled') return;
  const isStore = result.reason instanceof AwsError && result.reason.type !== 'ValidationException';
  if (!isStore) throw result.reason;
};

const toUnavailable = (outcomes: readonly Outcome[]): Refusal => {
  const cause: unknown = outcomes.find((outcome) => outcome.status === 'rejected')?.reason;
  const reason = cause instanceof AwsError ? cause.type : 'unknown';
  return new Refusal('limits_unavailable', { store: 'dynamodb', reason }, { cause, retryAfterSeconds: 1 });
};
