import { createHmac } from 'node:crypto';
import type { CompiledAgent } from '../../config/compiled-agents.ts';
import type { AgentCall } from '../core/agent.ts';
import { createNewSessions } from './new-sessions.ts';
import type { AgentPorts } from './ports.ts';

/** The id that AgentCore knows a session by: 64 hex digits, of the 33 to 256 characters that it takes. */
export type SessionOf = (call: AgentCall, callerSession: string) => Promise<string>;

/**
 * Derives it from whose session it is as well as from how they name it: nobody can join another's, whatever name they send.
 *
 * Errors: `Refusal('too_many_sessions')`; those of the `sessionKey` port.
 */
export const createSessions = (
  { name, newSessionsPerSecond }: CompiledAgent,
  { sessionKey, counter, clock }: Pick<AgentPorts, 'sessionKey' | 'counter' | 'clock'>,
): SessionOf => {
  const admit = createNewSessions(newSessionsPerSecond, counter, clock);
  return async ({ principal }, callerSession) => {
    const whose = JSON.stringify([name, principal.id, callerSession]);
    const id = createHmac('sha256', await sessionKey())
      .update(whose)
      .digest('hex');
    await admit(id);
    return id;
  };
};
