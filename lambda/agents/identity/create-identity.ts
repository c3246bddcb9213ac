import type { CompiledAgent, CompiledInbound } from '../../../config/compiled-agents.ts';
import type { AgentPorts } from '../ports.ts';
import type { AgentIdentity } from './agent-identity.ts';
import { claimsAsHeaders } from './claims-as-headers.ts';
import { jwtPassthrough } from './jwt-passthrough.ts';
import { obo } from './obo.ts';
import { createOnBehalf, type OnBehalf } from './on-behalf.ts';

type Pattern<Type extends CompiledInbound['type']> = (
  inbound: Extract<CompiledInbound, { type: Type }>,
  onBehalf: OnBehalf,
  ports: AgentPorts,
) => AgentIdentity;

const PATTERNS: { readonly [Type in CompiledInbound['type']]: Pattern<Type> } = {
  obo: (_inbound, onBehalf) => obo(onBehalf),
  'jwt-passthrough': (_inbound, onBehalf, { clock }) => jwtPassthrough(onBehalf, clock),
  'claims-as-headers': claimsAsHeaders,
};

/** How one agent is told who calls. Make it once for each agent: it keeps the tokens that it obtains. */
export const createIdentity = (agent: CompiledAgent, ports: AgentPorts): AgentIdentity =>
  (PATTERNS[agent.inbound.type] as Pattern<typeof agent.inbound.type>)(
    agent.inbound as never,
    createOnBehalf(agent, ports),
    ports,
  );
