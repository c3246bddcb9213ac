import { hash } from 'node:crypto';
import { compileCel } from '../../config/cel.ts';
import type { CompiledMcpRoute } from '../../config/compiled-mcp.ts';
import type { Call } from '../core/call.ts';
import type { CatalogTool } from '../core/mcp.ts';
import { sourcesOf } from './authorize.ts';
import type { DecideTool } from './tool-rules.ts';
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
  const readsRequest = expressionsOf(route).some((source) => compileCel(source, { result: 'bool' }).reads('request'));
  const known = new WeakMap<readonly CatalogTool[], Map<string, readonly CatalogTool[]>>();

  const isListedFor = (call: Call) => {
    const decide = decideTool({ ...call, method: 'tools/list' });
    return (tool: CatalogTool): boolean => isListed(decide(tool).result, route.stepUp);
  };

  const whoAsks = (call: Call): string | undefined => {
    const { request, ...rest } = variablesOf(call, {});
    return fingerprintOf(readsRequest ? [rest, request] : rest);
  };

  return {
    any: (call, tools) => tools.some(isListedFor(call)),
    of(call, tools) {
      const caller = whoAsks(call);
      if (caller === undefined) return tools.filter(isListedFor(call));
      const byCaller = known.get(tools) ?? new Map<string, readonly CatalogTool[]>();
      known.set(tools, byCaller);
      const listed = byCaller.get(caller) ?? tools.filter(isListedFor(call));
      byCaller.delete(caller); // The last to have asked is the last to be forgotten.
      byCaller.set(caller, listed);
      const [longestAgo] = byCaller.keys();
      if (byCaller.size > MOST_CALLERS && longestAgo !== undefined) byCaller.delete(longestAgo);
      return listed;
    },
  };
};

/** Where a further scope would be asked for at the call, the tool has to be there to be called. */
const isListed = (result: 'allow' | 'deny' | 'scope-missing', stepUp: boolean): boolean =>
  result === 'allow' || (result === 'scope-missing' && stepUp);

const expressionsOf = ({ authorization, tools }: CompiledMcpRoute): readonly string[] => [
  ...sourcesOf(authorization),
  ...(tools.allow ?? []).flatMap(({ when }) => when ?? []),
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
