import { createRemoteJWKSet, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Clock } from '../../lambda/core/clock.ts';
import { AwsError } from './aws-error.ts';
import { hasAudience, hasClaims, hasClient, hasScopes } from './check-claims.ts';
import type { CustomJwtAuthorizer } from './runtime.ts';

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'];

interface Issuer {
  readonly issuer: string;
  readonly keys: JWTVerifyGetKey;
}

/**
 * Verifies bearer tokens against a runtime's authorizer, from its discovery document alone.
 *
 * Errors: `AwsError('UnauthorizedException')` for a token that does not verify, `AwsError('AccessDeniedException')` for one
 *         that lacks what the authorizer asks for.
 * Source: AgentCore developer guide, "Inbound authorization": the document's issuer has to be `iss`.
 */
export const createCheckJwt = (authorizer: CustomJwtAuthorizer, clock: Clock) => {
  let discovered: Promise<Issuer> | undefined;
  const discover = async (): Promise<Issuer> => {
    discovered ??= readDiscovery(authorizer.DiscoveryUrl);
    try {
      return await discovered;
    } catch {
      discovered = undefined;
      throw new AwsError('UnauthorizedException', 'The discovery document cannot be read');
    }
  };

  return async (token: string): Promise<void> => {
    const { issuer, keys } = await discover();
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      algorithms: ALGORITHMS,
      requiredClaims: ['exp'],
      currentDate: new Date(clock()),
    }).catch(() => {
      throw new AwsError('UnauthorizedException', 'Invalid Bearer token');
    });
    if (!hasAudience(payload, authorizer)) throw new AwsError('UnauthorizedException', 'Claim aud mismatch');
    const hasAll = [hasClient, hasScopes, hasClaims].every((has) => has(payload, authorizer));
    if (!hasAll)
      throw new AwsError('AccessDeniedException', 'insufficient_scope', {
        'www-authenticate': 'Bearer error="insufficient_scope"',
      });
  };
};

const readDiscovery = async (url: string): Promise<Issuer> => {
  const response = await fetch(url, { redirect: 'error' });
  const document = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
  const { issuer, jwks_uri: keys } = document;
  if (typeof issuer !== 'string' || typeof keys !== 'string') throw new Error('no issuer');
  return { issuer, keys: createRemoteJWKSet(new URL(keys), { cooldownDuration: 1_000 }) };
};
