import type { Pins } from '../../config/pins.ts';
import type { CatalogTool } from '../../lambda/core/mcp.ts';
import { findChanges, type PinFinding } from '../../lambda/policy/pins.ts';
import { isAtLeast, type ToolFinding } from '../../lambda/policy/scan-finding.ts';
import { scanTools } from '../../lambda/policy/scan-tools.ts';

/** What a server listed just now, or why nobody knows. */
export type LiveServer = { readonly tools: readonly CatalogTool[] } | { readonly failed: string };

/** Which tools a command is about. */
export interface Selection {
  readonly server?: string | undefined;
  readonly tool?: string | undefined;
}

export interface Comparison {
  readonly changes: readonly PinFinding[];
  /** How many are as they were approved, by server. */
  readonly approved: ReadonlyMap<string, number>;
  readonly failed: ReadonlyMap<string, string>;
  /** What the scanner found in tools that are not approved yet. */
  readonly scanned: readonly ToolFinding[];
}

/** The lock file against what servers list now. A server that the policy has no more has no tools. */
export const comparePins = (
  pins: Pins,
  live: ReadonlyMap<string, LiveServer>,
  { server, tool }: Selection,
): Comparison => {
  const answered = [...live].flatMap(([name, one]) => ('tools' in one ? [{ name, tools: one.tools }] : []));
  const tools = answered.flatMap((one) => one.tools);
  const isMeant = (one: { readonly target: string; readonly tool: string; readonly was?: string }): boolean =>
    (server === undefined || one.target === server) && (tool === undefined || one.tool === tool || one.was === tool);
  const gone = Object.keys(pins).filter((name) => !live.has(name) && Object.keys(pins[name] ?? {}).length > 0);
  const changes = findChanges({ pins }, tools, [...answered.map(({ name }) => name), ...gone]).filter(isMeant);
  const open = new Set(changes.map((one) => `${one.target}\n${one.tool}`));
  return {
    changes,
    approved: new Map(
      answered.map(({ name, tools: listed }) => [
        name,
        listed.filter((one) => !open.has(`${name}\n${one.name}`) && isMeant({ target: name, tool: one.name })).length,
      ]),
    ),
    failed: new Map([...live].flatMap(([name, one]) => ('failed' in one ? [[name, one.failed]] : []))),
    scanned: scanTools(tools).filter(
      (one) => isAtLeast(one.severity, 'medium') && open.has(`${one.target}\n${one.tool}`),
    ),
  };
};
