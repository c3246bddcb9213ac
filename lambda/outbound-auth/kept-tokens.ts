import { hash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { Hidden } from '../core/hidden.ts';

export interface TokenUntil {
  readonly token: Hidden;
  readonly expiresAtMs: number;
}

interface Kept extends TokenUntil {
  readonly obtainedAtMs: number;
}

const MAX_ENTRIES = 1_000;
/** A token that would end on its way is not sent. */
const SKEW_MS = 30_000;
/** An upstream that answers 401 to everything must not become a flood at the identity provider. */
const REST_MS = 5_000;

export interface KeptTokens {
  /**
   * The token for a key, obtained once for all who want it at the same time.
   *
   * Shape:  `key` names everything that the token depends on, whose it is first of all. `obtain` belongs to nobody who waits:
   *         it must bound itself. `fresh` takes none that is older than a few seconds.
   * Errors: those of `obtain`, which are not remembered; the signal's reason.
   */
  get(
    key: readonly string[],
    options: { readonly fresh?: boolean; readonly signal?: AbortSignal },
    obtain: () => Promise<TokenUntil>,
  ): Promise<Hidden>;
}

/** In memory only, and bounded: those not used longest go first. */
export const createKeptTokens = (clock: Clock): KeptTokens => {
  const kept = new Map<string, Kept>();
  const flying = new Map<string, Promise<Hidden>>();

  const usable = (key: string, fresh: boolean): Hidden | undefined => {
    const found = kept.get(key);
    if (found === undefined) return undefined;
    const now = clock();
    kept.delete(key);
    if (now >= found.expiresAtMs - SKEW_MS) return undefined;
    if (fresh && now - found.obtainedAtMs >= REST_MS) return undefined;
    kept.set(key, found);
    return found.token;
  };

  const keep = (key: string, { token, expiresAtMs }: TokenUntil): Hidden => {
    kept.delete(key);
    kept.set(key, { token, expiresAtMs, obtainedAtMs: clock() });
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_ENTRIES) break;
      kept.delete(oldest);
    }
    return token;
  };

  return {
    async get(parts, { fresh = false, signal }, obtain) {
      signal?.throwIfAborted();
      const key = hash('sha256', JSON.stringify(parts), 'base64');
      const token = usable(key, fresh);
      if (token !== undefined) return token;
      let flight = flying.get(key);
      if (flight === undefined) {
        flight = obtain()
          .then((obtained) => keep(key, obtained))
          .finally(() => flying.delete(key));
        flying.set(key, flight);
        flight.catch(() => {}); // All who wait may have left.
      }
      return signal === undefined ? flight : orLeft(flight, signal);
    },
  };
};

/** Leaving early ends the waiting, not the work. */
const orLeft = async <Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> => {
  const { promise: left, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work, left]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
};
