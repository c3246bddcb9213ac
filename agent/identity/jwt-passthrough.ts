import { verifyJwt } from 'aws-jwt-verify/jwt-verifier';
import { AgentError } from '../agent-error.ts';
import { Caller, type ReadIdentity } from '../caller.ts';
import { USER_JWT_HEADER } from '../headers.ts';
import type { AgentPorts } from '../ports.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import { checkSamePerson, readOboToken } from './obo-token.ts';
import { type Claims, readUnverifiedClaims, subjectOf } from './read-unverified-claims.ts';
import type { TrustedIssuer } from './trusted-issuers.ts';

const SKEW_SECONDS = 30;

/** The caller's own token in a header of its own: AgentCore knows nothing of it, so the agent verifies it. */
export const jwtPassthrough = (ports: AgentPorts, trusted: readonly TrustedIssuer[]): ReadIdentity => {
  const issuers = new Map(trusted.map((one) => [one.issuer, { ...one, keyOf: createIssuerKeys(one, ports) }]));

  const verify = async (token: string): Promise<Claims> => {
    const { iss, nbf } = readUnverifiedClaims(token, ports.clock());
    const issuer = typeof iss === 'string' ? issuers.get(iss) : undefined;
    if (issuer === undefined) throw new AgentError('identity_rejected');
    if (typeof nbf === 'number' && nbf > ports.clock() / 1_000 + SKEW_SECONDS)
      throw new AgentError('identity_rejected');
    const verified = await verifyJwt(
      token,
      issuer.issuer,
      // Infinite grace: times are checked above, by the clock that we are given, and not a second time by another.
      { issuer: issuer.issuer, audience: [...issuer.audiences], graceSeconds: Number.POSITIVE_INFINITY },
      (_address, { header: { kid = '' } }) => issuer.keyOf(kid),
    ).catch((thrown: unknown) => {
      // The library's errors quote the token.
      throw thrown instanceof AgentError ? thrown : new AgentError('identity_rejected');
    });
    // RFC 7800: only who holds a certain key may use it, and a header does not show that.
    if (verified.cnf !== undefined) throw new AgentError('identity_rejected');
    return verified;
  };

  return async (headers) => {
    const token = headers.get(USER_JWT_HEADER);
    if (token === null) throw new AgentError('identity_rejected');
    const claims = await verify(token);
    const obo = readOboToken(headers, ports.clock());
    if (obo !== undefined) checkSamePerson(obo, claims, issuers.get(String(claims.iss))?.kind === 'gatehouse');
    return new Caller({ sub: subjectOf(claims), inbound: 'jwt-passthrough', ...obo?.actor }, obo?.token ?? token);
  };
};
