import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { Refusal } from '../core/refusal.ts';

/** Which list a page is of: a cursor of one is none of another. */
export interface CursorScope {
  readonly route: string;
  readonly method: string;
  /** `Principal.id`. */
  readonly principal: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string;
}

/** Pages of a list that was made for one principal. */
export interface Cursors {
  /**
   * One page.
   *
   * Shape:  `cursor` as the client sent it; `idOf` names an item, so that a list that has changed since is noticed.
   * Errors: `Refusal('invalid_request', { reason: 'cursor' })` for any cursor that is not ours, of this list, of this
   *         principal, of the list as it is now, and less than ten minutes old. The client begins again.
   */
  page<Item>(items: readonly Item[], idOf: (item: Item) => string, scope: CursorScope, cursor: unknown): Page<Item>;
}

const VALID_MS = 600_000;
const MAC_BYTES = 32;
/** Offset and expiry, 4 and 6 bytes, then the first bytes of the snapshot's hash. */
const [OFFSET_BYTES, EXPIRY_BYTES, SNAPSHOT_BYTES] = [4, 6, 12];
const HEAD_BYTES = OFFSET_BYTES + EXPIRY_BYTES + SNAPSHOT_BYTES;

/** Signed so that a page can't be asked for that was never offered (G9). `key`: 32 random bytes or more, the same in all processes. */
export const createCursors = (key: Uint8Array, pageSize: number, clock: Clock): Cursors => {
  const macOf = (head: Buffer, { route, method, principal }: CursorScope): Buffer =>
    createHmac('sha256', key)
      .update('cursor')
      .update(head)
      .update(JSON.stringify([route, method, principal]))
      .digest();

  const write = (offset: number, snapshot: Buffer, scope: CursorScope): string => {
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUIntBE(offset, 0, OFFSET_BYTES);
    head.writeUIntBE(clock() + VALID_MS, OFFSET_BYTES, EXPIRY_BYTES);
    snapshot.copy(head, OFFSET_BYTES + EXPIRY_BYTES, 0, SNAPSHOT_BYTES);
    return Buffer.concat([head, macOf(head, scope)]).toString('base64url');
  };

  const read = (cursor: unknown, snapshot: Buffer, scope: CursorScope): number => {
    if (cursor === undefined) return 0;
    const bytes = Buffer.from(typeof cursor === 'string' ? cursor : '', 'base64url');
    const [head, mac] = [bytes.subarray(0, HEAD_BYTES), bytes.subarray(HEAD_BYTES)];
    // What decodes to the same bytes is not the same cursor: base64 leaves room for others.
    const isOurs =
      bytes.length === HEAD_BYTES + MAC_BYTES &&
      bytes.toString('base64url') === cursor &&
      timingSafeEqual(mac, macOf(head, scope));
    if (!isOurs) throw invalid('signature');
    if (head.readUIntBE(OFFSET_BYTES, EXPIRY_BYTES) < clock()) throw invalid('expired');
    if (!head.subarray(OFFSET_BYTES + EXPIRY_BYTES).equals(snapshot)) throw invalid('list changed');
    return head.readUIntBE(0, OFFSET_BYTES);
  };

  /** A caller's list is the same array from page to page. */
  const snapshots = new WeakMap<readonly unknown[], Buffer>();
  const snapshotOf = <Item>(items: readonly Item[], idOf: (item: Item) => string): Buffer => {
    const ids = (): string => JSON.stringify(items.map(idOf));
    const snapshot = snapshots.get(items) ?? createHash('sha256').update(ids()).digest().subarray(0, SNAPSHOT_BYTES);
    snapshots.set(items, snapshot);
    return snapshot;
  };

  return {
    page(items, idOf, scope, cursor) {
      if (cursor === undefined && items.length <= pageSize) return { items };
      const snapshot = snapshotOf(items, idOf);
      const offset = read(cursor, snapshot, scope);
      const end = offset + pageSize;
      return {
        items: items.slice(offset, end),
        ...(end < items.length ? { nextCursor: write(end, snapshot, scope) } : {}),
      };
    },
  };
};

const invalid = (why: string): Refusal =>
  new Refusal('invalid_request', { reason: 'cursor', why }, { param: 'cursor', expected: 'one that a list gave' });
