import { isReservedClaim } from '../../config/reserved-claims.ts';
import type { Clock } from '../core/clock.ts';
import { Hidden } from '../core/hidden.ts';
import { Refusal } from '../core/refusal.ts';
import type { IssuedToken, IssueToken, TokenRequest } from './issue-token.ts';
import { isScope } from './narrow-scopes.ts';
import type { SigningKeys } from './signing-keys.ts';

export interface IssuePorts {
  /** `iss`, without a trailing slash. */
  readonly issuer: string;
  readonly keys: SigningKeys;
  readonly clock: Clock;
  /** Never the same twice: `jti`. */
  readonly newId: () => string;
}

/**
 * The gateway's own tokens. Sources: RFC 9068 §2 (access tokens as JWT), RFC 8693 §4 (`act`, `scope`, `client_id`),
 * RFC 9493 §3.2.4 (`sub_id`). Scopes are there twice: `scope` as RFC 9068 has them, `scp` as a list for who reads lists.
 */
export const createIssueToken =
  ({ issuer, keys, clock, newId }: IssuePorts): IssueToken =>
  async (request): Promise<IssuedToken> => {
    refuseReserved(request);
    const now = Math.floor(clock() / 1_000);
    const expiresAt = Math.floor(Math.min(now + request.lifetimeSeconds, request.notAfter));
    // Also for what is no number: NaN is not later than anything.
    if (!(expiresAt > now)) throw new Refusal('token_rejected', { reason: 'expired' });
    const jti = newId();
    const claims = { ...request.claims, ...ownClaims(request), iss: issuer, iat: now, nbf: now, exp: expiresAt, jti };
    const [{ kid }] = await keys.published();
    const input = [{ alg: 'RS256', kid, typ: 'at+jwt' }, claims].map(encode).join('.');
    const signature = await keys.sign(Buffer.from(input, 'ascii'), kid);
    return { token: new Hidden(`${input}.${Buffer.from(signature).toString('base64url')}`), jti, expiresAt };
  };

const ownClaims = ({ sub, subId, audience, scopes: given, clientId, actor, isAppOnly }: TokenRequest) => {
  const scopes = given.filter(isScope);
  return {
    sub,
    sub_id: { format: 'iss_sub', iss: subId.iss, sub: subId.sub },
    aud: [...audience],
    client_id: clientId,
    // RFC 6749 §3.3: a text of scopes has one at least. A list may have none.
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    scp: scopes,
    ...(actor === undefined ? {} : { act: actor, agent_id: actor.sub }),
    ...(isAppOnly === true ? { idtyp: 'app' } : {}),
  };
};

const refuseReserved = ({ claims }: TokenRequest): void => {
  const reserved = Object.keys(claims).filter(isReservedClaim);
  if (reserved.length > 0) throw new Error(`a token must not repeat the claims ${reserved.join(', ')}`);
};

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
