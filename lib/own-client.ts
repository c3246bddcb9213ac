import type { OWN_CLIENT as Name } from '../config/compiled-tokens.ts';

/** The gateway's own client of its token endpoint. The compiler holds it to what the policy calls it. */
export const OWN_CLIENT: typeof Name = 'gatehouse-mcp';
