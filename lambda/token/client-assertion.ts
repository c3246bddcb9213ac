import { hash } from 'node:crypto';
import type { CompiledIdentityProvider } from '../../config/compiled.ts';
import type { CompiledTokenClient } from '../../config/compiled-tokens.ts';
import { readUnverifiedJwt } from '../identity/read-unverified-jwt.ts';
import { createVerifyJwt } from '../identity/verify-jwt.ts';
import { tokenRefusal } from './oauth-error.ts';
import { TOKEN_PATH } from './paths.ts';
import type { TokenPorts } from './ports.ts';

const MAX_LIFE_SECONDS = 300;
const SKEW_SECONDS = 5;

export type VerifyAssertion = (assertion: string) => Promise<void>;

/**
 * Verifies assertions of one client (private_key_jwt). Make it once: it holds the client's keys.
 *
 * Errors: `invalid_client`; `Refusal('identity_unavailable')` when its keys can't be had.
 * Source: RFC 7523 §3; OpenID Connect Core 1.0 §9 (`iss` and `sub` are the client, `jti` is needed).
 */
export const createVerifyAssertion = (client: CompiledTokenClient, ports: TokenPorts): VerifyAssertion | undefined => {
  const { authentication, name } = client;
  if (authentication.type !== 'private-key-jwt') return undefined;
  const { issuer, clock, usedTokens } = ports;
  const provider: CompiledIdentityProvider = {
    name,
    kind: 'oidc',
    issuer: name,
    audiences: [issuer, `${issuer}${TOKEN_PATH}`],
    jwksUri: 'jwksUri' in authentication ? authentication.jwksUri : 'https://keys.invalid/',
    algorithms: ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'EdDSA'],
    clockSkewSeconds: SKEW_SECONDS,
    claims: {},
  };
  const fetchJson = 'jwks' in authentication ? async () => authentication.jwks : ports.fetchJson;
  const verify = createVerifyJwt([provider], { fetchJson, clock });
  return async (assertion) => {
    const { claims, expiresAt = 0 } = await verify(assertion);
    const { jti, sub } = claims;
    if (sub !== name) throw tokenRefusal('client', { client: name, reason: 'assertion-subject' });
    if (expiresAt > clock() / 1_000 + MAX_LIFE_SECONDS + 2 * SKEW_SECONDS)
      throw tokenRefusal('client', { client: name, reason: 'assertion-lives-too-long' });
    if (typeof jti !== 'string' || jti === '')
      throw tokenRefusal('client', { client: name, reason: 'assertion-no-jti' });
    const key = hash('sha256', JSON.stringify(['assertion', name, jti]), 'base64url');
    if (!(await usedTokens.use(key, expiresAt * 1_000)))
      throw tokenRefusal('client', { client: name, reason: 'assertion-used' });
  };
};

/** Whom an assertion claims to be from, before anybody has verified it. */
export const claimedClient = (assertion: string): string | undefined => {
  if (assertion.split('.').length !== 3) return undefined;
  const { iss } = readUnverifiedJwt(assertion).claims;
  return typeof iss === 'string' ? iss : undefined;
};
