import type { Method } from './methods.ts';

export interface Annotations {
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

const SAFE: ReadonlySet<Method> = new Set(['get', 'head', 'options']);
const IDEMPOTENT: ReadonlySet<Method> = new Set(['get', 'head', 'options', 'put', 'delete']);

/** What HTTP itself says of a method (RFC 9110 §9.2), and the worst where it says nothing (O2). */
export const annotationsOf = (method: Method): Annotations => ({
  readOnlyHint: SAFE.has(method),
  destructiveHint: !SAFE.has(method),
  idempotentHint: IDEMPOTENT.has(method),
  openWorldHint: true,
});
