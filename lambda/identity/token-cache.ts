import { hash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { Principal } from '../core/principal.ts';

const MAX_ENTRIES = 1_000;
const MAX_LIFE_MS = 60_000;

/** Remembers whose tokens were verified a moment ago. Refusals are never remembered. */
export interface TokenCache {
  get(token: string): Principal | undefined;
  put(token: string, principal: Principal): void;
}

/**
 * The least recently used go first. An entry lives a minute at most, and never past the moment at which its token expires.
 * The key is a hash of the whole token, signature included: part of one would let two people share an entry.
 */
export const createTokenCache = (clock: Clock): TokenCache => {
  const entries = new Map<string, { readonly principal: Principal; readonly untilMs: number }>();
  return {
    get(token) {
      const key = hash('sha256', token, 'base64');
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      if (clock() >= entry.untilMs) return undefined;
      entries.set(key, entry);
      return entry.principal;
    },
    put(token, principal) {
      const untilMs = Math.min(clock() + MAX_LIFE_MS, (principal.expiresAt ?? 0) * 1000);
      const [oldest] = entries.keys();
      if (entries.size >= MAX_ENTRIES && oldest !== undefined) entries.delete(oldest);
      entries.set(hash('sha256', token, 'base64'), { principal, untilMs });
    },
  };
};
