import { assertIsJwk, type JwkWithKid } from 'aws-jwt-verify/jwk';
import { AgentError } from '../agent-error.ts';
import type { AgentPorts } from '../ports.ts';
import { isSafeUrl, type TrustedIssuer } from './trusted-issuers.ts';

const REFRESH_AFTER_MS = 10 * 60_000;
/** After a fetch that failed or did not have the key: made-up `kid`s can't turn the agent against the issuer. */
const COOL_DOWN_MS = 30_000;

/**
 * The keys of one issuer, by `kid`, fetched once for all who wait and again after ten minutes or for an unknown `kid`.
 *
 * Errors: `AgentError('identity_rejected')` for a `kid` that the issuer does not publish, `AgentError('identity_unavailable')`.
 */
export const createIssuerKeys = (issuer: TrustedIssuer, { fetchJson, clock }: AgentPorts) => {
  let keys: ReadonlyMap<string, JwkWithKid> | undefined;
  let freshUntilMs = Number.NEGATIVE_INFINITY;
  let nextFetchMs = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | undefined;

  const fetchKeys = async (): Promise<void> => {
    try {
      keys = readKeys(await fetchJson(issuer.jwksUri ?? readJwksUri(await fetchJson(discoveryOf(issuer)), issuer)));
      freshUntilMs = clock() + REFRESH_AFTER_MS;
    } catch {
      if (clock() > freshUntilMs) keys = undefined;
    } finally {
      nextFetchMs = clock() + COOL_DOWN_MS;
      fetching = undefined;
    }
  };

  return async (kid: string): Promise<JwkWithKid> => {
    const isFresh = clock() <= freshUntilMs && keys?.has(kid);
    if (!isFresh && (fetching !== undefined || clock() >= nextFetchMs)) {
      fetching ??= fetchKeys();
      await fetching;
    }
    if (keys === undefined) throw new AgentError('identity_unavailable');
    const key = keys.get(kid);
    if (key === undefined) throw new AgentError('identity_rejected');
    return key;
  };
};

const discoveryOf = ({ issuer }: TrustedIssuer): string =>
  `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;

/**
 * OpenID Connect Discovery 1.0 §4. A document of another issuer, or with keys on another origin, is not believed; Entra alone
 * has its keys elsewhere than its issuer.
 */
const readJwksUri = (document: unknown, { issuer, kind }: TrustedIssuer): string => {
  const { issuer: named, jwks_uri: url } = (document ?? {}) as { issuer?: unknown; jwks_uri?: unknown };
  const origins = [new URL(issuer).origin, ...(kind === 'entra' ? ['https://login.microsoftonline.com'] : [])];
  if (named !== issuer || !isSafeUrl(url) || !origins.includes(new URL(url).origin))
    throw new Error('the discovery document is not believed');
  return url;
};

const readKeys = (document: unknown): ReadonlyMap<string, JwkWithKid> => {
  const { keys } = document as { keys?: unknown };
  if (!Array.isArray(keys)) throw new Error('the key set has no list of keys');
  return new Map(
    keys.flatMap((jwk) => {
      assertIsJwk(jwk);
      const isForSignatures = jwk.kty !== 'oct' && (jwk.use === undefined || jwk.use === 'sig');
      return isForSignatures && typeof jwk.kid === 'string' ? [[jwk.kid, jwk as JwkWithKid]] : [];
    }),
  );
};
