import { createLocalJWKSet, type JWK, type JWTPayload, jwtVerify } from 'jose';
import type { Adapter, AdapterFactory } from 'oidc-provider';
import type { Clock } from '../../lambda/core/clock.ts';

/** The access tokens of this provider, as its own endpoints see them when somebody hands one back. */
export interface OwnTokens {
  /** What a token says, if it is ours, has not expired and was not revoked. */
  read(token: string): Promise<JWTPayload | undefined>;
  /** The name under which the library knows the token; the token itself when it is not one of ours. */
  idOf(token: string): Promise<string>;
}

/**
 * The library keeps no record of JWTs and refuses to introspect or revoke them; Okta does both. So a token that comes back
 * with a good signature is recorded then, once: when its record has gone although it was made, the token was revoked.
 */
export const ownTokens = (issuer: string, publicKey: JWK, store: AdapterFactory, clock: Clock): OwnTokens => {
  const keys = createLocalJWKSet({ keys: [publicKey] });
  const records: Adapter = store('AccessToken');
  const recorded: Adapter = store('Recorded');

  const record = async (token: string): Promise<JWTPayload | undefined> => {
    const currentDate = new Date(clock());
    const claims = await jwtVerify(token, keys, { issuer, algorithms: ['RS256'], currentDate }).then(
      ({ payload }) => payload,
      () => undefined,
    );
    const { jti, iat, exp, aud, cid, scp } = claims ?? {};
    // An ID token has no `cid`: it is ours as well, but no access token.
    if (claims === undefined || jti === undefined || exp === undefined || typeof cid !== 'string') return undefined;
    if ((await recorded.find(jti)) === undefined) {
      const seconds = Math.max(1, exp - Math.floor(clock() / 1000));
      const scope = Array.isArray(scp) ? scp.join(' ') : '';
      const kind = 'AccessToken';
      await records.upsert(jti, { kind, jti, iat, exp, aud, clientId: cid, scope, extra: claims } as Payload, seconds);
      await recorded.upsert(jti, {}, seconds);
    }
    return claims;
  };

  return {
    async read(token) {
      const claims = await record(token);
      return (await records.find(claims?.jti ?? '')) === undefined ? undefined : claims;
    },
    idOf: async (token) => (await record(token))?.jti ?? token,
  };
};

type Payload = Parameters<Adapter['upsert']>[1];
