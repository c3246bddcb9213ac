import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Clock } from '../core/clock.ts';
import type { CatalogStore } from '../targets/catalog-store.ts';
import { AwsError } from './aws-error.ts';
import type { AwsJsonClient } from './json-client.ts';

export interface DynamoCatalogStoreOptions {
  readonly table: string;
  readonly client: AwsJsonClient;
  readonly clock: Clock;
  /** For one read or write, retries included. */
  readonly timeoutMs: number;
  /** Hears of each text that is too large to be kept: without it, every process asks the server itself. */
  readonly notKept: (about: NotKept) => void;
}

export interface NotKept {
  /** What the key begins with, up to `#`: whose list of what it is, and nobody's hash. */
  readonly list: string;
  /** Gzipped, as it would be stored. */
  readonly bytes: number;
  readonly maxBytes: number;
}

/** An item may have 400 KB in all, its key and the names of its attributes included. */
const MAX_PACKED_BYTES = 390 * 1024;

/** More than a server's list may have, so that nothing that was written is refused. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/**
 * Catalogs in DynamoDB: one item for each key, `pk = C#<key>`, in the table of the limits.
 *
 * Attributes: `b` the text, gzipped; `a` since when (ms); `u` until when (ms); `ttl` when it may be cleaned away (s).
 * Needs `dynamodb:GetItem` and `PutItem`. What is too large for an item is not kept, and said to
 * `notKept`.
 */
export const dynamoCatalogStore = ({
  table,
  client,
  clock,
  timeoutMs,
  notKept,
}: DynamoCatalogStoreOptions): CatalogStore => ({
  async read(key) {
    const { Item } = (await orNothing(
      client.send('GetItem', { TableName: table, Key: keyOf(key) }, { signal: AbortSignal.timeout(timeoutMs) }),
    )) as { readonly Item?: Item };
    const { b, a, u } = Item ?? {};
    if (b?.B === undefined || a?.N === undefined || Number(u?.N) <= clock()) return undefined;
    try {
      const text = await unpack(Buffer.from(b.B, 'base64'), { maxOutputLength: MAX_TEXT_BYTES });
      return { text: text.toString('utf8'), storedAtMs: Number(a.N) };
    } catch {
      return undefined; // Written by something else than this: as good as not there.
    }
  },
  async write(key, write, keepSeconds) {
    const packed = await pack(write());
    if (packed.length > MAX_PACKED_BYTES) {
      const [list = ''] = key.split('#', 1);
      return notKept({ list, bytes: packed.length, maxBytes: MAX_PACKED_BYTES });
    }
    const now = clock();
    const untilMs = now + keepSeconds * 1000;
    const Item = {
      ...keyOf(key),
      b: { B: packed.toString('base64') },
      a: { N: String(now) },
      u: { N: String(untilMs) },
      ttl: { N: String(Math.ceil(untilMs / 1000)) },
    };
    await orNothing(client.send('PutItem', { TableName: table, Item }, { signal: AbortSignal.timeout(timeoutMs) }));
  },
});

type Item = Readonly<Record<string, { readonly B?: string; readonly N?: string } | undefined>>;

const keyOf = (key: string) => ({ pk: { S: `C#${key}` } });

/** A store in trouble has nothing. */
const orNothing = async (sent: Promise<object>): Promise<object> => {
  try {
    return await sent;
  } catch (error) {
    if (error instanceof AwsError) return {};
    throw error;
  }
};
