import * as errors from 'aws-jwt-verify/error';
import { verifyJwt } from 'aws-jwt-verify/jwt-verifier';
import type { CompiledIdentityProvider } from '../../config/compiled.ts';
import type { Clock } from '../core/clock.ts';
import type { Principal } from '../core/principal.ts';
import { Refusal } from '../core/refusal.ts';
import { isKnownAlgorithm } from './algorithms.ts';
import { checkTimes } from './check-times.ts';
import type { FetchJson } from './fetch-json.ts';
import { createJwks } from './jwks.ts';
import { principalOf } from './principal-of.ts';
import { publicKeyOf } from './read-jwks.ts';
import { isCanonicalBase64url, readUnverifiedJwt } from './read-unverified-jwt.ts';
import { type RejectionReason, tokenRejected } from './token-rejected.ts';

type VerifyJwt = (token: string) => Promise<Principal>;

/**
 * Verifies access tokens of the configured issuers.
 *
 * What costs nothing is checked first, on the unverified token: one that can't be good reaches neither a key fetch nor a
 * signature check. Only verified claims become a principal.
 *
 * The library's plain function, not its verifier class: that one keeps a key by issuer and `kid` for good, and would go on
 * accepting a key that the issuer has replaced under the same `kid`.
 *
 * Errors: `Refusal('token_rejected')` with the exact reason, `Refusal('identity_unavailable')`; at the start an `Error` for
 *         providers that can't work.
 */
export const createVerifyJwt = (
  providers: readonly CompiledIdentityProvider[],
  ports: { readonly fetchJson: FetchJson; readonly clock: Clock },
): VerifyJwt => {
  const issuers = new Map(
    providers.map((provider) => [provider.issuer, { provider, jwks: createJwks(provider, ports) }]),
  );
  if (issuers.size < providers.length) throw new Error('two identity providers have one issuer');

  return async (token) => {
    const { header, claims, signature } = readUnverifiedJwt(token);
    const issuer = issuers.get(issuerOf(claims) ?? '');
    if (issuer === undefined) throw tokenRejected('issuer');
    const { provider, jwks } = issuer;
    checkHeader(header, provider);
    if (!isCanonicalBase64url(signature)) throw tokenRejected('malformed', { provider: provider.name });
    const expiresAt = checkTimes(claims, ports.clock(), provider.clockSkewSeconds);
    const verified = await verifyJwt(
      token,
      provider.issuer,
      // Infinite grace: times are checked above, by the clock that we are given, and not a second time by another.
      {
        // Without one it is the trust domain's that its `sub` names, whose keys decide.
        issuer: claims.iss === undefined ? null : provider.issuer,
        audience: [...provider.audiences],
        graceSeconds: Number.POSITIVE_INFINITY,
      },
      jwks.getJwk,
      async (jwk) => publicKeyOf(jwk),
    ).catch((thrown: unknown) => {
      throw toRefusal(thrown, provider.name);
    });
    // RFC 7800, RFC 9449: only who holds a certain key may use it, and a bearer header doesn't show that.
    if (verified.cnf !== undefined) throw tokenRejected('sender-constrained', { provider: provider.name });
    return principalOf(provider, verified, expiresAt);
  };
};

/** A JWT-SVID need not have an issuer (SPIFFE JWT-SVID §3): its `sub` names the trust domain, which no other issuer is called. */
const issuerOf = ({ iss, sub }: Readonly<Record<string, unknown>>): string | undefined => {
  if (iss !== undefined) return typeof iss === 'string' ? iss : undefined;
  return typeof sub === 'string' ? /^spiffe:\/\/[a-z0-9._-]{1,255}(?=\/)/.exec(sub)?.[0] : undefined;
};

const checkHeader = (header: Readonly<Record<string, unknown>>, provider: CompiledIdentityProvider): void => {
  const { alg, kid, crit, typ } = header;
  if (typeof alg !== 'string' || !provider.algorithms.includes(alg) || !isKnownAlgorithm(alg))
    throw tokenRejected('algorithm', { provider: provider.name });
  if (typeof kid !== 'string' || kid === '') throw tokenRejected('kid', { provider: provider.name });
  // RFC 9068 §4: what the gateway makes for callers says so. Identity providers differ, and many write JWT.
  if (provider.kind === 'gatehouse' && typ !== 'at+jwt') throw tokenRejected('malformed', { provider: provider.name });
  // RFC 7515 §4.1.11: extensions that must be understood. We understand none.
  if (crit !== undefined) throw tokenRejected('malformed', { provider: provider.name });
};

const REASONS: readonly (readonly [abstract new (...args: never[]) => Error, RejectionReason])[] = [
  [errors.JwtInvalidSignatureAlgorithmError, 'algorithm'],
  [errors.JwtInvalidAudienceError, 'audience'],
  [errors.JwtInvalidIssuerError, 'issuer'],
  [errors.JwtInvalidSignatureError, 'signature'],
  [errors.JwtBaseError, 'malformed'],
];

// The library's errors quote the token, so they don't become the cause. OpenSSL throws at a signature of the wrong length.
const toRefusal = (thrown: unknown, provider: string): unknown => {
  if (thrown instanceof Refusal) return thrown;
  if ((thrown as { code?: unknown })?.code === 'ERR_CRYPTO_OPERATION_FAILED')
    return tokenRejected('signature', { provider });
  const reason = REASONS.find(([kind]) => thrown instanceof kind)?.[1];
  return reason === undefined ? thrown : tokenRejected(reason, { provider });
};
