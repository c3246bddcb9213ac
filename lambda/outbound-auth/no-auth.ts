import type { OutboundAuth } from './outbound-auth.ts';

/** For servers that are open to everybody. */
export const noAuth = (): OutboundAuth => ({ headers: async () => ({}), perUser: false });
