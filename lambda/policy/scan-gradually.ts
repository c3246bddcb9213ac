import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { CatalogTool } from '../core/mcp.ts';
import type { ToolFinding } from './scan-finding.ts';
import { scanTool, scanTools } from './scan-tools.ts';

/** Catalogues that a list waits for: many routes have no more. */
const AT_ONCE = 16;
/** By then the list is answered that brought them. */
const LATER_MS = 250;
/** Of one turn of the event loop, for which a call may have to wait: a millisecond or two. */
const PER_TURN = 8;
/** Whether servers speak about each other is looked for in one go, so only among so many: `mcp:pins` has the time for more. */
const MOST_COMPARED = 200;

/** What is known by now of these tools, the same array for the same catalogue. Asking again later may answer more. */
export type ScanGradually = (tools: readonly CatalogTool[]) => readonly ToolFinding[];

/** Scans catalogues while nobody waits: thousands of definitions take longer than a list may. */
export const createGradualScan = (logBug: (error: unknown) => void, laterMs = LATER_MS): ScanGradually => {
  const found = new WeakMap<readonly CatalogTool[], readonly ToolFinding[]>();
  const add = (tools: readonly CatalogTool[], some: readonly CatalogTool[]): void => {
    found.set(tools, [...(found.get(tools) ?? []), ...some.flatMap(scanTool)]);
  };

  const goOn = async (tools: readonly CatalogTool[]): Promise<void> => {
    await sleep(laterMs, undefined, { ref: false });
    for (let at = 0; at < tools.length; at += PER_TURN) {
      await turn();
      add(tools, tools.slice(at, at + PER_TURN));
    }
    if (tools.length > MOST_COMPARED) return;
    await turn();
    found.set(tools, scanTools(tools));
  };

  return (tools) => {
    const known = found.get(tools);
    if (known !== undefined) return known;
    if (tools.length <= AT_ONCE) found.set(tools, scanTools(tools));
    else {
      found.set(tools, []);
      void goOn(tools).catch(logBug);
    }
    return found.get(tools) ?? [];
  };
};
