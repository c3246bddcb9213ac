import type { JwksCache, JwkWithKid } from 'aws-jwt-verify/jwk';
import type { CompiledIdentityProvider } from '../../config/compiled.ts';
import type { Clock } from '../core/clock.ts';
import { Refusal } from '../core/refusal.ts';
import { fitsAlgorithm } from './algorithms.ts';
import type { FetchJson } from './fetch-json.ts';
import { locateJwks, readDiscovery } from './locate-jwks.ts';
import { readJwks } from './read-jwks.ts';
import { tokenRejected } from './token-rejected.ts';

const MINUTE_MS = 60_000;
const REFRESH_AFTER_MS = 10 * MINUTE_MS;
const STALE_AFTER_MS = 24 * 60 * MINUTE_MS;
const COOL_DOWN_MS = 30_000;
/** With no keys at all every call is refused, so recovery is worth more tries. */
const COLD_COOL_DOWN_MS = 5_000;
/** For discovery and keys together: a caller has its answer within 1.5 seconds. */
const FETCH_BUDGET_MS = 1_400;
const MAX_BYTES = 512 * 1024;

/**
 * The keys of one issuer, in the form in which aws-jwt-verify asks for them; the address it passes is not used.
 *
 * Fetched once for all who wait. Fetched again after ten minutes, or for an unknown `kid`, but after a fetch that failed or
 * did not have the `kid` not within the next 30 seconds: random `kid`s can't turn us against the issuer. While the issuer
 * is down its last good keys are used for up to a day. Nothing is remembered about a `kid` that isn't the issuer's.
 *
 * Errors: `Refusal('token_rejected')` with reason `kid` or `algorithm`; `Refusal('identity_unavailable')` when the key
 *         can't be had, or when it is unknown and the issuer can't be asked.
 */
export const createJwks = (
  provider: CompiledIdentityProvider,
  { fetchJson, clock }: { readonly fetchJson: FetchJson; readonly clock: Clock },
): Pick<JwksCache, 'getJwk'> => {
  const fetchDocument = createFetchDocument(provider, fetchJson, clock);
  let held: { readonly keys: ReadonlyMap<string, JwkWithKid>; readonly sinceMs: number } | undefined;
  let failure: unknown;
  let nextFetchMs = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | undefined;

  const usable = () => (held !== undefined && clock() - held.sinceMs <= STALE_AFTER_MS ? held : undefined);

  const refresh = async (kid: string): Promise<void> => {
    try {
      held = { keys: readJwks(await fetchDocument(), provider.issuer.startsWith('spiffe://')), sinceMs: clock() };
      failure = undefined;
      if (!held.keys.has(kid)) nextFetchMs = clock() + COOL_DOWN_MS;
    } catch (cause) {
      failure = cause;
      nextFetchMs = clock() + (usable() === undefined ? COLD_COOL_DOWN_MS : COOL_DOWN_MS);
    } finally {
      fetching = undefined;
    }
  };

  const unavailable = () =>
    new Refusal(
      'identity_unavailable',
      { provider: provider.name, error: failure instanceof Error ? failure.message : 'unknown' },
      { cause: failure, retryAfterSeconds: Math.max(1, Math.ceil((nextFetchMs - clock()) / 1000)) },
    );

  return {
    async getJwk(_address, { header: { kid = '', alg } }) {
      const current = usable();
      const isFresh = current?.keys.has(kid) && clock() - current.sinceMs <= REFRESH_AFTER_MS;
      if (!isFresh && (fetching !== undefined || clock() >= nextFetchMs)) {
        fetching ??= refresh(kid);
        await fetching;
      }
      const keys = usable()?.keys;
      if (keys === undefined) throw unavailable();
      const jwk = keys.get(kid);
      if (jwk === undefined)
        throw failure === undefined ? tokenRejected('kid', { provider: provider.name }) : unavailable();
      if (!fitsAlgorithm(jwk, alg)) throw tokenRejected('algorithm', { provider: provider.name });
      return jwk;
    },
  };
};

/** Fetches the key set, and before it, where needed, the discovery document: that again only after the keys were not there. */
const createFetchDocument = (provider: CompiledIdentityProvider, fetchJson: FetchJson, clock: Clock) => {
  const location = locateJwks(provider);
  let discovered: string | undefined;
  return async (): Promise<unknown> => {
    const startMs = clock();
    const fetchInTime = (url: string) =>
      fetchJson(url, { timeoutMs: Math.max(1, FETCH_BUDGET_MS - (clock() - startMs)), maxBytes: MAX_BYTES });
    if (location.type === 'known') return fetchInTime(location.url);
    discovered ??= readDiscovery(await fetchInTime(location.url), provider.issuer);
    try {
      return await fetchInTime(discovered);
    } catch (cause) {
      discovered = undefined;
      throw cause;
    }
  };
};
