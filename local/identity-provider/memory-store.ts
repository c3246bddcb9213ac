import type { AdapterFactory, AdapterPayload } from 'oidc-provider';
import type { Clock } from '../../lambda/core/clock.ts';

interface Entry {
  readonly kind: string;
  readonly id: string;
  readonly payload: AdapterPayload;
  readonly expiresAtMs: number;
}

const MAX_ENTRIES = 10_000;

/** What the provider remembers while it runs: sessions, codes, grants, refresh tokens. The oldest go first when it is full. */
export const memoryStore = (clock: Clock): AdapterFactory => {
  const entries = new Map<string, Entry>();

  const live = (entry: Entry | undefined): AdapterPayload | undefined =>
    entry !== undefined && entry.expiresAtMs > clock() ? entry.payload : undefined;

  const makeRoom = (): void => {
    for (const [key, entry] of entries) if (live(entry) === undefined) entries.delete(key);
    for (const key of entries.keys()) {
      if (entries.size < MAX_ENTRIES) return;
      entries.delete(key);
    }
  };

  return (kind) => {
    const keyOf = (id: string) => `${kind}:${id}`;
    const findWhere = (matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined =>
      live(entries.values().find((entry) => entry.kind === kind && matches(entry.payload)));
    return {
      async upsert(id, payload, expiresIn) {
        if (entries.size >= MAX_ENTRIES) makeRoom();
        const expiresAtMs = expiresIn === undefined ? Number.POSITIVE_INFINITY : clock() + expiresIn * 1000;
        entries.set(keyOf(id), { kind, id, payload, expiresAtMs });
      },
      find: async (id) => live(entries.get(keyOf(id))),
      findByUid: async (uid) => findWhere((payload) => payload.uid === uid),
      findByUserCode: async (userCode) => findWhere((payload) => payload.userCode === userCode),
      async consume(id) {
        const payload = entries.get(keyOf(id))?.payload;
        if (payload !== undefined) payload.consumed = Math.floor(clock() / 1000);
      },
      async destroy(id) {
        entries.delete(keyOf(id));
      },
      async revokeByGrantId(grantId) {
        for (const [key, entry] of entries) {
          if (entry.kind === kind && entry.payload.grantId === grantId) entries.delete(key);
        }
      },
    };
  };
};
