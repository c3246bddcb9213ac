import type { PinnedTool } from '../../config/compiled-mcp.ts';
import { hashDefinition } from '../../config/hash-definition.ts';
import type { Pins } from '../../config/pins.ts';
import type { PinFinding } from '../../lambda/policy/pins.ts';
import type { LiveServer } from './compare-pins.ts';

/** The pins with these changes taken for good. Everything else stays word for word, whatever order servers list it in now. */
export const approvePins = (
  pins: Pins,
  live: ReadonlyMap<string, LiveServer>,
  changes: readonly PinFinding[],
): Pins => {
  const next = new Map(Object.entries(pins).map(([server, tools]) => [server, new Map(Object.entries(tools))]));
  for (const { target, tool, was } of changes) {
    const tools = next.get(target) ?? new Map<string, PinnedTool>();
    next.set(target, tools);
    // The old name of a renamed tool must not stay approved for whatever takes it next.
    if (was !== undefined) tools.delete(was);
    const server = live.get(target);
    const found =
      server !== undefined && 'tools' in server ? server.tools.find(({ name }) => name === tool) : undefined;
    if (found === undefined) tools.delete(tool);
    else tools.set(tool, { sha256: hashDefinition(found.definition), definition: found.definition });
  }
  return Object.fromEntries([...next].map(([server, tools]) => [server, Object.fromEntries(tools)]));
};
