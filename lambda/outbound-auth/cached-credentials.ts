import type { Clock } from '../core/clock.ts';
import type { Credentials } from '../core/credentials.ts';
import type { Hidden } from '../core/hidden.ts';
import { Refusal } from '../core/refusal.ts';

/**
 * Where secrets are kept. Must not cache: `cachedCredentials` does.
 *
 * Shape:  undefined when the store answers that the secret is not set.
 * Errors: any throw means that the store could not be asked. Must not carry the secret.
 */
export type ReadSecret = (name: string) => Promise<Hidden | undefined>;

const CACHE_MS = 60_000;
const STALE_MS = 3_600_000;
/** How long the store is left alone after it failed, after it had no value, and after a `fresh` read. */
const REST_MS = 5_000;

interface Kept {
  secret?: Hidden;
  readAtMs: number;
  restUntilMs: number;
  reading?: Promise<void>;
  refusal?: Refusal;
}

/** Credentials over any store: one read at a time for each name, kept for a minute, for an hour while the store fails. */
export const cachedCredentials = (read: ReadSecret, clock: Clock): Credentials => {
  const keptByName = new Map<string, Kept>();

  const refresh = async (name: string, kept: Kept): Promise<void> => {
    const startedAtMs = clock();
    try {
      const secret = await read(name);
      delete kept.refusal;
      if (secret === undefined) {
        // The store's own word that there is none: an old value must not outlive it.
        delete kept.secret;
        kept.restUntilMs = startedAtMs + REST_MS;
        kept.refusal = new Refusal('credential_unavailable', { credential: name, reason: 'unset' });
      } else {
        kept.secret = secret;
        kept.readAtMs = startedAtMs;
      }
    } catch (cause) {
      const detail = { credential: name, reason: 'store' };
      kept.restUntilMs = startedAtMs + REST_MS;
      kept.refusal = new Refusal('credential_unavailable', detail, { cause, retryAfterSeconds: REST_MS / 1000 });
    }
  };

  return {
    async read(name, { fresh = false } = {}) {
      const kept = keptByName.get(name) ?? {
        readAtMs: Number.NEGATIVE_INFINITY,
        restUntilMs: Number.NEGATIVE_INFINITY,
      };
      keptByName.set(name, kept);

      const now = clock();
      const isDue = fresh || kept.secret === undefined || now - kept.readAtMs >= CACHE_MS;
      if (isDue && (kept.reading !== undefined || now >= kept.restUntilMs)) {
        if (fresh && kept.reading === undefined) kept.restUntilMs = now + REST_MS;
        kept.reading ??= refresh(name, kept).finally(() => {
          delete kept.reading;
        });
        await kept.reading;
      }
      if (kept.secret !== undefined && clock() - kept.readAtMs < STALE_MS) return kept.secret;
      throw kept.refusal ?? new Refusal('credential_unavailable', { credential: name, reason: 'stale' });
    },
  };
};
