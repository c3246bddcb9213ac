import type { Raw } from '../core/mcp.ts';

/** What a tool without annotations is taken for. Source: MCP 2026-07-28, `ToolAnnotations`. */
const UNTOLD = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true } as const;

/**
 * What expressions see as a tool's annotations. An untrusted server would only ever say what lets its tools through, so of its
 * tools the worst is assumed, which is also what they are taken for who say nothing (G43).
 *
 * Shape:  the four hints are always there, as booleans. A tool of a trusted server that only reads destroys nothing unless it
 *         says that too: the specification gives `destructiveHint` no meaning beside `readOnlyHint`.
 */
export const annotationsOf = (definition: Raw, trusted: boolean): Raw => {
  const { annotations } = definition;
  if (!trusted || typeof annotations !== 'object' || annotations === null) return UNTOLD;
  const said = annotations as Raw;
  const isReadOnly = said.readOnlyHint === true;
  const hint = (name: keyof typeof UNTOLD, untold: boolean): boolean => {
    const value = said[name];
    return typeof value === 'boolean' ? value : untold;
  };
  return {
    ...said,
    readOnlyHint: isReadOnly,
    destructiveHint: hint('destructiveHint', !isReadOnly),
    idempotentHint: hint('idempotentHint', UNTOLD.idempotentHint),
    openWorldHint: hint('openWorldHint', UNTOLD.openWorldHint),
  };
};
