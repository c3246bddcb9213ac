import { AgentError } from '../agent-error.ts';
import { Caller, type ReadIdentity } from '../caller.ts';
import type { AgentPorts } from '../ports.ts';
import { actorOf, readUnverifiedClaims, subjectOf } from './read-unverified-claims.ts';

/**
 * The token on behalf of the caller, in `authorization`. AgentCore verified it against the authorizer of the runtime before
 * the agent saw it, and nobody else can reach the container: a second check of the signature would prove nothing more.
 */
export const obo =
  ({ clock }: AgentPorts): ReadIdentity =>
  async (headers) => {
    const [, token] = /^Bearer ([^\s,]+)$/i.exec(headers.get('authorization') ?? '') ?? [];
    if (token === undefined) throw new AgentError('identity_rejected');
    const claims = readUnverifiedClaims(token, clock());
    // An identity provider's own exchange has no actor: there the client is this agent (Okta `cid`, RFC 9068 `client_id`).
    const client = claims.cid ?? claims.client_id;
    const actor = actorOf(claims) ?? (typeof client === 'string' ? client : undefined);
    return new Caller({ sub: subjectOf(claims), inbound: 'obo', ...(actor === undefined ? {} : { actor }) }, token);
  };
