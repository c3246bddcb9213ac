import type { AgentIdentity } from './agent-identity.ts';
import { withinLimits } from './custom-headers.ts';
import type { OnBehalf } from './on-behalf.ts';
import { notExchanged } from './users-token.ts';

/** A token of the caller and the agent as the bearer: the runtime itself verifies it, and nothing is signed. */
export const obo = (onBehalf: OnBehalf): AgentIdentity => ({
  tell: async (call) => {
    const token = await onBehalf(call);
    if (token === undefined) throw notExchanged('no token on behalf is configured');
    // Forwarded to the agent, so it has to fit what AgentCore forwards.
    return { headers: withinLimits({ authorization: `Bearer ${token.open()}` }), isSigned: false };
  },
});
