import { AgentError } from '../agent-error.ts';

export type Claims = Readonly<Record<string, unknown>>;

/**
 * What a token says, its signature not checked: for tokens that somebody else verified.
 *
 * Errors: `AgentError('identity_rejected')` for what is no JWT, and for one that is over at `nowMs` or has no end.
 */
export const readUnverifiedClaims = (token: string, nowMs: number): Claims => {
  const [, payload, signature, ...more] = token.split('.');
  if (payload === undefined || !signature || more.length > 0) throw new AgentError('identity_rejected');
  const claims = parse(Buffer.from(payload, 'base64url').toString());
  if (typeof claims.exp !== 'number' || claims.exp * 1_000 <= nowMs) throw new AgentError('identity_rejected');
  return claims;
};

const parse = (text: string): Claims => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Claims;
  } catch {
    // Refused below: a parser's message quotes what it read.
  }
  throw new AgentError('identity_rejected');
};

/** Errors: `AgentError('identity_rejected')` for a token about nobody. */
export const subjectOf = ({ sub }: Claims): string => {
  if (typeof sub !== 'string' || sub === '') throw new AgentError('identity_rejected');
  return sub;
};

/** Who acts for the subject: `act` (RFC 8693 §4.1), or the flat `agent_id`. */
export const actorOf = ({ act, agent_id: agentId }: Claims): string | undefined => {
  const sub = typeof act === 'object' && act !== null ? (act as Claims).sub : agentId;
  return typeof sub === 'string' && sub !== '' ? sub : undefined;
};
