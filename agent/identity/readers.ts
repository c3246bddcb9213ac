import type { ReadIdentity } from '../caller.ts';
import type { AgentPorts } from '../ports.ts';
import type { AgentSettings, InboundType } from '../settings.ts';
import { claimsAsHeaders } from './claims-as-headers.ts';
import { jwtPassthrough } from './jwt-passthrough.ts';
import { obo } from './obo.ts';

/** How an agent learns who asks, by the way in which its runtime is told. */
export const readers: Record<InboundType, (settings: AgentSettings, ports: AgentPorts) => ReadIdentity> = {
  obo: (_settings, ports) => obo(ports),
  'jwt-passthrough': ({ trustedIssuers }, ports) => jwtPassthrough(ports, trustedIssuers),
  'claims-as-headers': ({ claimHeaders }, ports) => claimsAsHeaders(ports, claimHeaders),
};
