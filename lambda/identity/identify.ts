import type { CompiledIdentity } from '../../config/compiled.ts';
import type { Clock } from '../core/clock.ts';
import { Hidden } from '../core/hidden.ts';
import type { Principal } from '../core/principal.ts';
import { Refusal } from '../core/refusal.ts';
import { createApiKeys } from './api-keys.ts';
import type { FetchJson } from './fetch-json.ts';
import { readBearer } from './read-bearer.ts';
import { looksLikeJwt } from './read-unverified-jwt.ts';
import { createTokenCache } from './token-cache.ts';
import { createVerifyJwt } from './verify-jwt.ts';

export interface Identified {
  readonly principal: Principal;
  /** The caller's access token. Absent for anonymous callers and for API keys, which are no business of any upstream. */
  readonly token: Hidden | undefined;
}

/**
 * Who is calling, by the `authorization` header.
 *
 * Errors: `Refusal('token_missing')` without a header, `Refusal('token_rejected')` with the exact `detail.reason`,
 *         `Refusal('identity_unavailable')` with `retryAfterSeconds` when the issuer's keys can't be had.
 */
export type Identify = (authorization: string | undefined) => Promise<Identified>;

/** An `Identify` for the providers and API keys of a policy. Make it once: it holds the keys and the token cache. */
export const createIdentify = (
  identity: CompiledIdentity,
  ports: { readonly fetchJson: FetchJson; readonly clock: Clock },
): Identify => {
  const verifyJwt = createVerifyJwt(identity.providers, ports);
  const findApiKey = createApiKeys(identity.apiKeys);
  const cache = createTokenCache(ports.clock);

  return async (authorization) => {
    if (authorization === undefined) throw new Refusal('token_missing');
    const token = readBearer(authorization);
    if (!looksLikeJwt(token)) return { principal: findApiKey(token), token: undefined };
    const cached = cache.get(token);
    if (cached !== undefined) return { principal: cached, token: new Hidden(token) };
    const principal = await verifyJwt(token);
    cache.put(token, principal);
    return { principal, token: new Hidden(token) };
  };
};
