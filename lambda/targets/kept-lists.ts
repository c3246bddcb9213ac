import { createHash } from 'node:crypto';
import type { CompiledMcp } from '../../config/compiled-mcp.ts';
import type { Clock } from '../core/clock.ts';
import { Refusal } from '../core/refusal.ts';
import type { CatalogStore } from './catalog-store.ts';
import { createListMemory } from './list-memory.ts';
import { createSingleFlight } from './single-flight.ts';
import { readStoredList, writeStoredList } from './stored-list.ts';
import { type Listed, type ListMethod, type McpTarget, type TargetContext, TargetError } from './target.ts';

/** A server's list and since when it is known. `items` is the same array for as long as it is the same list. */
export interface KeptList extends Listed {
  readonly readAtMs: number;
  /** For how much longer clients may keep it, in milliseconds. */
  readonly leftMs: number;
  /** Why it is an old one: the server could not be asked. A refusal's code. */
  readonly stale?: string;
}

/**
 * What servers list, asked for once for all who may share it (G12, G13). Unfiltered: who may see what is decided for each
 * request.
 */
export interface KeptLists {
  /**
   * `list` wants what the server still calls fresh; `call` only needs to find a tool and takes what is no older than the
   * policy's `catalogTtl`, since a server that allows no keeping at all would be listed before every call.
   *
   * Errors: `Refusal` when the server can't be asked and nothing is known that is less than an hour too old.
   */
  list(target: McpTarget, method: ListMethod, context: TargetContext, use: 'list' | 'call'): Promise<KeptList>;
  /** Asks again because something was missing (G32); `undefined` when that was done a moment ago. */
  again(target: McpTarget, method: ListMethod, context: TargetContext): Promise<KeptList | undefined>;
  /** What is known for this caller without asking the server; `undefined` for what nobody asked yet, or too long ago. */
  known(target: McpTarget, method: ListMethod, context: TargetContext): Promise<Listed | undefined>;
}

export interface KeptListsPorts {
  readonly catalogStore: CatalogStore;
  readonly clock: Clock;
}

/** How much older than allowed a list may be while its server can't be asked. */
const STALE_MS = 3_600_000;

/** How long a server is left alone after it failed, and after it was asked again for something missing. */
const REST_MS = 5_000;
const AGAIN_MS = 10_000;

export const createKeptLists = (servers: CompiledMcp['servers'], ports: KeptListsPorts): KeptLists => {
  const { catalogStore, clock } = ports;
  const memory = createListMemory();
  const failures = new Map<string, { readonly refusal: Refusal; readonly untilMs: number }>();
  const flights = createSingleFlight<KeptList>();

  const ttlOf = (target: McpTarget): number => servers[target.name]?.catalogTtlMs ?? 0;
  const isStored = (target: McpTarget): boolean => servers[target.name]?.type === 'http';
  const fingerprints = new Map(Object.values(servers).map((server) => [server.name, fingerprintOf(server)]));

  /** Says whose list it is; a changed policy makes another one of it. */
  const keyOf = (target: McpTarget, method: ListMethod, { call: { principal } }: TargetContext): string => {
    // What comes before the first # is for people, who are told of a list that the store can't take.
    const shared = `${method} of ${target.name}#${fingerprints.get(target.name) ?? ''}`;
    if (!target.perUser) return shared;
    const whose = JSON.stringify([principal.id, principal.clientId, [...principal.scopes].sort()]);
    return `${shared}#${createHash('sha256').update(whose).digest('hex')}`;
  };

  const kept = (target: McpTarget, listed: Listed, readAtMs: number): KeptList => ({
    ...listed,
    readAtMs,
    leftMs: Math.max(0, Math.min(listed.ttlMs ?? Number.POSITIVE_INFINITY, ttlOf(target)) - (clock() - readAtMs)),
  });

  const isWithin = (list: { readonly readAtMs: number } | undefined, ms: number): boolean =>
    list !== undefined && Math.abs(clock() - list.readAtMs) < ms;

  const isFresh = (
    target: McpTarget,
    list: (Listed & { readAtMs: number }) | undefined,
    use: 'list' | 'call',
  ): boolean =>
    isWithin(list, use === 'call' ? ttlOf(target) : Math.min(list?.ttlMs ?? Number.POSITIVE_INFINITY, ttlOf(target)));

  const fromStore = async (target: McpTarget, key: string) => {
    const found = isStored(target) ? readStoredList(await catalogStore.read(key)) : undefined;
    return found === undefined ? undefined : memory.keep(key, found);
  };

  const fromServer = async (target: McpTarget, method: ListMethod, context: TargetContext, key: string) => {
    // Others may wait for the same list: it does not end with the caller who came first.
    const listed = await target.list(method, { ...context, signal: new AbortController().signal });
    const list = { ...listed, readAtMs: clock() };
    failures.delete(key);
    const remembered = memory.keep(key, list);
    const keepSeconds = Math.ceil((ttlOf(target) + STALE_MS) / 1000);
    if (isStored(target)) await catalogStore.write(key, () => writeStoredList(list), keepSeconds);
    return remembered;
  };

  const restingFor = (key: string): Refusal | undefined => {
    const failure = failures.get(key);
    return failure !== undefined && clock() < failure.untilMs ? failure.refusal : undefined;
  };

  const failed = (key: string, thrown: unknown): Refusal => {
    if (!(thrown instanceof Refusal) && !(thrown instanceof TargetError)) throw thrown;
    const refusal =
      thrown instanceof Refusal
        ? thrown
        : new Refusal('upstream_failed', { target: thrown.target, code: thrown.code }, { cause: thrown });
    for (const [oldest] of failures.entries().take(Math.max(0, failures.size - MAX_FAILURES))) failures.delete(oldest);
    failures.set(key, { refusal, untilMs: clock() + REST_MS });
    return refusal;
  };

  const ask = async (target: McpTarget, method: ListMethod, context: TargetContext, key: string): Promise<KeptList> => {
    let refusal = restingFor(key);
    if (refusal === undefined) {
      try {
        const list = await fromServer(target, method, context, key);
        return kept(target, list, list.readAtMs);
      } catch (thrown) {
        refusal = failed(key, thrown);
      }
    }
    const old = memory.get(key);
    if (old === undefined || !isWithin(old, ttlOf(target) + STALE_MS)) throw refusal;
    return { ...kept(target, old, old.readAtMs), leftMs: 0, stale: refusal.code };
  };

  return {
    async list(target, method, context, use) {
      const key = keyOf(target, method, context);
      const known = memory.get(key);
      if (known !== undefined && isFresh(target, known, use)) return kept(target, known, known.readAtMs);
      return flights(`${use} ${key}`, context.signal, async () => {
        // Another process may have asked since.
        const stored = restingFor(key) === undefined ? await fromStore(target, key) : undefined;
        return stored !== undefined && isFresh(target, stored, use)
          ? kept(target, stored, stored.readAtMs)
          : ask(target, method, context, key);
      });
    },
    async known(target, method, context) {
      const key = keyOf(target, method, context);
      const list = memory.get(key) ?? (await fromStore(target, key));
      return isWithin(list, ttlOf(target) + STALE_MS) ? list : undefined;
    },
    async again(target, method, context) {
      const key = keyOf(target, method, context);
      if (isWithin(memory.get(key), AGAIN_MS)) return undefined;
      return flights(`again ${key}`, context.signal, () => ask(target, method, context, key));
    },
  };
};

const MAX_FAILURES = 10_000;

const fingerprintOf = (server: CompiledMcp['servers'][string]): string => {
  const { name, type, credential, listCredential } = server;
  const where = type === 'http' ? server.url : server.baseUrl;
  const about = JSON.stringify([name, type, where, credential, listCredential]);
  return createHash('sha256').update(about).digest('hex');
};
