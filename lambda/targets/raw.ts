import type { Raw } from '../core/mcp.ts';

/** In Node since 22, not yet in TypeScript's library. A number that was kept with all its digits is an object, too. */
const exactJson = JSON as unknown as { isRawJSON(value: unknown): boolean };

export const isRaw = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !exactJson.isRawJSON(value);
