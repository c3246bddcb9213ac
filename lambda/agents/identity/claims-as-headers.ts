import type { CompiledInbound } from '../../../config/compiled-agents.ts';
import { CUSTOM_HEADER } from '../../core/agent.ts';
import type { Principal } from '../../core/principal.ts';
import { valuesAt } from '../../identity/pick-claims.ts';
import type { AgentPorts } from '../ports.ts';
import type { AgentIdentity } from './agent-identity.ts';
import { oboHeader, withinLimits } from './custom-headers.ts';
import { headerValue } from './header-value.ts';
import type { OnBehalf } from './on-behalf.ts';

type ClaimsAsHeaders = Extract<CompiledInbound, { type: 'claims-as-headers' }>;

/** Verified claims, each in a header inside the signature: the agent believes them because nobody else may invoke it. */
export const claimsAsHeaders = (
  { claims }: ClaimsAsHeaders,
  onBehalf: OnBehalf,
  { issuer }: Pick<AgentPorts, 'issuer'>,
): AgentIdentity => ({
  tell: async (call) => {
    const told = Object.entries(claims).flatMap(([place, suffix]) => {
      const value = headerValue(claimAt(call.principal, place, issuer));
      return value === undefined ? [] : [[`${CUSTOM_HEADER}${suffix}`, value]];
    });
    const headers = withinLimits(Object.fromEntries(told));
    return { headers: withinLimits({ ...headers, ...oboHeader(await onBehalf(call)) }), isSigned: true };
  },
});

const OWN_PLACES = ['sub', 'id', 'issuer', 'clientId', 'scopes', 'roles', 'groups'] as const;

/** What the gateway knows by itself comes before a claim of the same name. */
const claimAt = (principal: Principal, place: string, ownIssuer: string): unknown => {
  const own = OWN_PLACES.find((name) => name === place);
  if (own !== undefined) return principal[own];
  const values = valuesAt(principal, place, ownIssuer);
  return values.length > 1 ? values : values[0];
};
