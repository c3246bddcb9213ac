import { hash } from 'node:crypto';
import type { CompiledAgent, CompiledObo } from '../../../config/compiled-agents.ts';
import type { AgentCall } from '../../core/agent.ts';
import type { Principal } from '../../core/principal.ts';
import { agentAudience } from '../../identity/own-provider.ts';
import { pickClaims } from '../../identity/pick-claims.ts';
import { actFor, readActorChain } from '../../issuing/actor-chain.ts';
import type { Actor, TokenRequest } from '../../issuing/issue-token.ts';
import { type MayAct, mayAct } from '../../issuing/may-act.ts';
import type { CallersToken } from '../../outbound-auth/callers-token.ts';
import { createKeptTokens } from '../../outbound-auth/kept-tokens.ts';
import { type Claims, isAppOnly } from '../../outbound-auth/read-claims.ts';
import type { AgentPorts } from '../ports.ts';
import type { OnBehalf } from './on-behalf.ts';
import { notExchanged, usersToken } from './users-token.ts';

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
  inbound.type === 'obo' ? [agentAudience(issuer, name), issuer] : [issuer];

const scopesOf = ({ scopes }: Principal, { scopes: most }: ByGatehouse): readonly string[] => {
  if (most === undefined) return scopes;
  const both = scopes.filter((scope) => most.includes(scope));
  if (both.length === 0) throw notExchanged('no scope left');
  return both;
};

const aboutOf = (
  { principal }: AgentCall,
  users: CallersToken,
  obo: ByGatehouse,
  issuer: string,
): Omit<TokenRequest, 'audience' | 'scopes'> => {
  const { subId } = principal;
  if (subId === undefined) throw notExchanged('no stable subject');
  const now = { sub: obo.actor, iss: issuer };
  checkMayAct(users.claims, now);
  return {
    sub: principal.sub,
    subId,
    clientId: obo.actor,
    actor: actorNow(principal, users.claims, now),
    ...(isAppOnly(users.claims) ? { isAppOnly: true } : {}),
    claims: pickClaims(principal, obo.subjectClaims, issuer),
    lifetimeSeconds: obo.lifetimeSeconds,
    notAfter: Math.floor(users.expiresAt),
  };
};

/** Whoever acted for the caller already stays in the chain (RFC 8693 §4.1), which agents that call each other in a circle fill. */
const actorNow = ({ actor }: Principal, { act }: Claims, now: Omit<Actor, 'act'>): Actor => {
  const before = readActorChain(act);
  if (before?.sub !== actor?.sub) throw notExchanged('actor unreadable');
  const chain = actFor(now, before);
  if (chain === undefined) throw notExchanged('too many act one for another');
  return chain;
};

const FAULTS: Readonly<Partial<Record<MayAct, string>>> = {
  unreadable: 'may_act unreadable',
  'another-named': 'may_act names another',
};

/** Where a token says who may act for its subject, nobody else may. An agent is a client of this gateway by its own name. */
const checkMayAct = (claims: Claims, now: Omit<Actor, 'act'>): void => {
  const fault = FAULTS[mayAct({ ...now, client_id: now.sub }, claims)];
  if (fault !== undefined) throw notExchanged(fault);
};
