import type { CompiledAgent } from '../config/compiled-agents.ts';
import { SERVICE_CLIENT } from './identity-provider/clients.ts';
import { envNameOf } from './memory/env-credentials.ts';

export interface SettledAgents {
  readonly agents: readonly CompiledAgent[];
  /** Variables in whose place the client of the local identity provider is used. */
  readonly clients: readonly string[];
}

/** Where the local identity provider exchanges tokens, it knows the gateway as a client of its own, whatever the policy says. */
export const settleAgents = (agents: readonly CompiledAgent[], issuer: string): SettledAgents => {
  const clients = new Set<string>();
  const settle = (agent: CompiledAgent): CompiledAgent => {
    const { obo } = agent;
    if (obo?.issuer !== 'provider' || obo.providerIssuer !== issuer) return agent;
    clients.add(envNameOf(obo.client));
    return obo.clientClaim === undefined
      ? agent
      : { ...agent, obo: { ...obo, clientClaim: { ...obo.clientClaim, value: SERVICE_CLIENT } } };
  };
  return { agents: agents.map(settle), clients: [...clients] };
};
