import type { CompiledAgent } from '../../config/compiled-agents.ts';
import type { AgentCall } from '../core/agent.ts';
import type { Call } from '../core/call.ts';
import type { Exchange } from '../telemetry/exchange.ts';
import { hashedSession, readCallerSession, sessionHeaders } from './caller-session.ts';
import { readTrace } from './trace-headers.ts';

/** Of a call what does not depend on its body. */
export type AgentCallStart = Omit<AgentCall, 'body' | 'a2a'>;

/**
 * Reads what every call to an agent says in its headers, and begins its record. A caller that names no session is given a
 * name, and told.
 *
 * Shape:  `named` is the session of a caller that names none in a header. Without it such a caller gets one of its own.
 * Errors: `Refusal('invalid_session')`.
 */
export const readAgentCall = (
  agent: CompiledAgent,
  { headers }: Request,
  call: Call,
  exchange: Exchange,
  newId: () => string,
  named?: string,
): AgentCallStart => {
  const { inbound, obo } = agent;
  exchange.agent = {
    name: agent.name,
    inbound: inbound.type,
    ...(obo?.issuer === 'gatehouse' ? { actor: obo.actor } : {}),
  };
  const inHeader = readCallerSession(headers);
  const callerSession = inHeader ?? named ?? newId();
  exchange.noteAgent({ session: hashedSession(callerSession) });
  if (inHeader !== undefined || named === undefined)
    Object.assign(call.facts.responseHeaders, sessionHeaders(callerSession));
  const acceptsStream = /(?:^|[\s,])text\/event-stream(?:$|[\s,;])/i.test(headers.get('accept') ?? '');
  return { ...call, agent: agent.name, acceptsStream, callerSession, trace: readTrace((name) => headers.get(name)) };
};
