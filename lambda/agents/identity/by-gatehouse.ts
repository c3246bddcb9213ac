import { hash } from 'node:crypto';
import type { CompiledAgent, CompiledObo } from '../../../config/compiled-agents.ts';
import type { AgentCall } from '../../core/agent.ts';
import type { Principal } from '../../core/principal.ts';
import { readPath } from '../../identity/read-path.ts';
import type { Actor, TokenRequest } from '../../issuing/issue-token.ts';
import { createKeptTokens } from '../../outbound-auth/kept-tokens.ts';
import type { Claims } from '../../outbound-auth/read-claims.ts';
import type { AgentPorts } from '../ports.ts';
import type { OnBehalf } from './on-behalf.ts';
import { notExchanged, type UsersToken, usersToken } from './users-token.ts';

type ByGatehouse = Extract<CompiledObo, { issuer: 'gatehouse' }>;

const KEPT_MS = 300_000;
/** What `createKeptTokens` takes off the end of every token. */
const SKEW_MS = 30_000;

/**
 * A token of the gateway's own: the caller as its subject, the agent as its actor, no longer than the caller's own and with
 * nothing that the caller may not do.
 *
 * Kept for that caller, that very token, this agent and these scopes, for 5 minutes at most.
 */
export const byGatehouse = (agent: CompiledAgent, obo: ByGatehouse, ports: AgentPorts): OnBehalf => {
  const { issueToken, issuer, clock } = ports;
  if (issueToken === undefined) throw new Error("the gateway's own tokens need something that issues them");
  const kept = createKeptTokens(clock);
  const audience = audienceOf(agent, issuer);
  return async (call) => {
    const users = usersToken(call, clock());
    const scopes = scopesOf(call.principal, obo);
    const whose = [call.principal.id, hash('sha256', users.token.open(), 'base64')];
    const key = [...whose, agent.name, JSON.stringify(audience), ...scopes];
    return kept.get(key, { signal: call.signal }, async () => {
      const { token, expiresAt } = await issueToken({ audience, scopes, ...aboutOf(call, users, obo, issuer) });
      return { token, expiresAtMs: Math.min(expiresAt * 1_000, clock() + KEPT_MS + SKEW_MS) };
    });
  };
};

/** The gateway takes it as a caller's; in the JWT mode of AgentCore the runtime has to take it as well. */
const audienceOf = ({ name, inbound }: CompiledAgent, issuer: string): readonly string[] =>
  inbound.type === 'obo' ? [`${issuer}/agents/${name}`, issuer] : [issuer];

const scopesOf = ({ scopes }: Principal, { scopes: most }: ByGatehouse): readonly string[] => {
  if (most === undefined) return scopes;
  const both = scopes.filter((scope) => most.includes(scope));
  if (both.length === 0) throw notExchanged('no scope left');
  return both;
};

const aboutOf = (
  { principal }: AgentCall,
  users: UsersToken,
  obo: ByGatehouse,
  issuer: string,
): Omit<TokenRequest, 'audience' | 'scopes'> => {
  const { subId } = principal;
  if (subId === undefined) throw notExchanged('no stable subject');
  const before = actorBefore(principal, users.claims);
  return {
    sub: principal.sub,
    subId,
    clientId: obo.actor,
    actor: { sub: obo.actor, iss: issuer, ...(before === undefined ? {} : { act: before }) },
    claims: claimsOf(principal, obo.subjectClaims),
    lifetimeSeconds: obo.lifetimeSeconds,
    notAfter: Math.floor(users.expiresAt),
  };
};

/** A path becomes the name of a flat claim, by which policies find it again. */
const claimsOf = ({ claims }: Principal, paths: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(
    paths.flatMap((path) => {
      const values = readPath(claims, path);
      return values.length === 0 ? [] : [[path, values.length === 1 ? values[0] : values]];
    }),
  );

const MAX_ACTORS = 8;

/** Whoever acted for the caller already stays in the chain (RFC 8693 §4.1). */
const actorBefore = ({ actor }: Principal, { act }: Claims): Actor | undefined => {
  if (actor === undefined) return undefined;
  const chain = readChain(act, MAX_ACTORS);
  if (chain?.sub !== actor.sub) throw notExchanged('actor unreadable');
  return chain;
};

/** Of an actor only what says who it is. Errors: `Refusal('identity_not_exchanged')` for a chain we can't read to its end. */
const readChain = (act: unknown, left: number): Actor | undefined => {
  if (act === undefined) return undefined;
  const { sub, iss, act: before } = (act ?? {}) as { sub?: unknown; iss?: unknown; act?: unknown };
  if (typeof sub !== 'string' || sub === '' || !(iss === undefined || typeof iss === 'string') || left === 0)
    throw notExchanged('actor unreadable');
  const rest = readChain(before, left - 1);
  return { sub, ...(iss === undefined ? {} : { iss }), ...(rest === undefined ? {} : { act: rest }) };
};
