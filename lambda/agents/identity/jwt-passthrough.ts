import { USER_JWT_HEADER } from '../../core/agent.ts';
import type { Clock } from '../../core/clock.ts';
import type { AgentIdentity } from './agent-identity.ts';
import { oboHeader, withinLimits } from './custom-headers.ts';
import type { OnBehalf } from './on-behalf.ts';
import { usersToken } from './users-token.ts';

/** The caller's own token in a header inside the signature: the agent verifies it. Without such a token there is no call. */
export const jwtPassthrough = (onBehalf: OnBehalf, clock: Clock): AgentIdentity => ({
  tell: async (call) => {
    const { token } = usersToken(call, clock());
    const headers = withinLimits({ [USER_JWT_HEADER]: token.open() });
    return { headers: withinLimits({ ...headers, ...oboHeader(await onBehalf(call)) }), isSigned: true };
  },
});
