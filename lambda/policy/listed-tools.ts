import { hash } from 'node:crypto';
import { type CelProgram, compileCel } from '../../config/cel.ts';
import type { CompiledMcpRoute } from '../../config/compiled-mcp.ts';
import type { Call } from '../core/call.ts';
import type { CatalogTool } from '../core/mcp.ts';
import { programsOf } from './authorize.ts';
import type { DecideTool, ToolDecision, ToolDecisions } from './tool-rules.ts';
import { variablesOf } from './variables.ts';

/** Which tools a caller may know of: those that it could call (G11). */
export interface ListedTools {
  /** Those of a catalogue. The same array when the same caller asks again, if it is among the last to have asked. */
  of(call: Call, tools: readonly CatalogTool[]): readonly CatalogTool[];
  /** Whether there is any. */
  any(call: Call, tools: readonly CatalogTool[]): boolean;
}

/** Callers whose choice of one catalogue is kept: a reference for each tool of it. */
const MOST_CALLERS = 64;

/**
 * Decides about each tool of a catalogue as if it were called, and remembers for whom: a client walks page after page, and asks
 * again before it works. Who asks is all that a rule can read of the call; where one reads the request, that too.
 */
export const createListedTools = (route: CompiledMcpRoute, decideTool: DecideTool): ListedTools => {
  const readsRequest = allProgramsOf(route).some((program) => program.reads('request'));
  const known = new WeakMap<readonly CatalogTool[], Map<string, readonly CatalogTool[]>>();

  const decisions = (call: Call): ToolDecisions => decideTool({ ...call, method: 'tools/list' });

  const choose = (call: Call, tools: readonly CatalogTool[]): readonly CatalogTool[] => {
    const decided = decisions(call).all(tools);
    return tools.filter((_, index) => isListed(decided[index], route.stepUp));
  };

  const whoAsks = (call: Call): string | undefined => {
    const { request, ...rest } = variablesOf(call, {});
    return fingerprintOf(readsRequest ? [rest, request] : rest);
  };

  return {
    any: (call, tools) => {
      const { of: decide } = decisions(call);
      return tools.some((tool) => isListed(decide(tool), route.stepUp));
    },
    of(call, tools) {
      const caller = whoAsks(call);
      if (caller === undefined) return choose(call, tools);
      const byCaller = known.get(tools) ?? new Map<string, readonly CatalogTool[]>();
      known.set(tools, byCaller);
      const listed = byCaller.get(caller) ?? choose(call, tools);
      byCaller.delete(caller); // The last to have asked is the last to be forgotten.
      byCaller.set(caller, listed);
      const [longestAgo] = byCaller.keys();
      if (byCaller.size > MOST_CALLERS && longestAgo !== undefined) byCaller.delete(longestAgo);
      return listed;
    },
  };
};

/** Where a further scope would be asked for at the call, the tool has to be there to be called. */
const isListed = (decision: ToolDecision | undefined, stepUp: boolean): boolean =>
  decision?.result === 'allow' || (decision?.result === 'scope-missing' && stepUp);

const allProgramsOf = ({ authorization, tools }: CompiledMcpRoute): readonly CelProgram[] => [
  ...programsOf(authorization),
  ...(tools.allow ?? []).flatMap(({ when }) => (when === undefined ? [] : compileCel(when, { result: 'bool' }))),
];

/** Nothing of who asked stays in memory but this. `undefined` for what JSON can't tell from something else, or can't write. */
const fingerprintOf = (value: unknown): string | undefined => {
  try {
    return hash('sha256', JSON.stringify(value, exactly), 'base64');
  } catch {
    return undefined;
  }
};

const exactly = (_name: string, value: unknown): unknown => {
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) throw new RangeError('not JSON');
  return value;
};
