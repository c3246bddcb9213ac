import type { CompiledAgent } from '../../../config/compiled-agents.ts';
import type { AgentCall } from '../../core/agent.ts';
import type { Hidden } from '../../core/hidden.ts';
import type { AgentPorts } from '../ports.ts';
import { byGatehouse } from './by-gatehouse.ts';
import { byProvider } from './by-provider.ts';

/**
 * The token with which the agent acts as the caller; undefined where the policy gives none.
 *
 * Errors: `Refusal` with `identity_not_exchanged`, `credential_unavailable` or `signing_unavailable`.
 */
export type OnBehalf = (call: AgentCall) => Promise<Hidden | undefined>;

export const createOnBehalf = (agent: CompiledAgent, ports: AgentPorts): OnBehalf => {
  const { obo } = agent;
  if (obo === undefined) return async () => undefined;
  return obo.issuer === 'gatehouse' ? byGatehouse(agent, obo, ports) : byProvider(obo, ports);
};
