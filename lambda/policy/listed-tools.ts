import { compileCel } from '../../config/cel.ts';
import type { CompiledMcpRoute } from '../../config/compiled-mcp.ts';
import type { Call } from '../core/call.ts';
import type { CatalogTool } from '../core/mcp.ts';
import type { DecideTool } from './tool-rules.ts';
import { variablesOf } from './variables.ts';

/** The tools that a caller may know of. The same array for the same caller and tools. */
export type ListedTools = (call: Call, tools: readonly CatalogTool[]) => readonly CatalogTool[];

/** Callers whose choice of one catalogue is kept: a reference for each tool of it. */
const MOST_CALLERS = 64;

/**
 * Decides about each tool of a catalogue as if it were called (G11), and remembers for whom: a client walks page after page, and
 * asks again before it works. Who asks is all that a rule can read of the call; where one reads the request, that too.
 */
export const createListedTools = (route: CompiledMcpRoute, decideTool: DecideTool): ListedTools => {
  const readsRequest = expressionsOf(route).some((source) => compileCel(source, { result: 'bool' }).reads('request'));
  const known = new WeakMap<readonly CatalogTool[], Map<string, readonly CatalogTool[]>>();

  const whoAsks = (call: Call): string => {
    const { request, ...rest } = variablesOf(call, {});
    return JSON.stringify(readsRequest ? [rest, request] : rest);
  };

  const decide = (call: Call, tools: readonly CatalogTool[]): readonly CatalogTool[] => {
    const decideFor = decideTool({ ...call, method: 'tools/list' });
    return tools.filter((tool) => isListed(decideFor(tool).result, route.stepUp));
  };

  return (call, tools) => {
    const byCaller = known.get(tools) ?? new Map<string, readonly CatalogTool[]>();
    known.set(tools, byCaller);
    const caller = whoAsks(call);
    const listed = byCaller.get(caller) ?? decide(call, tools);
    byCaller.delete(caller); // The last to have asked is the last to be forgotten.
    byCaller.set(caller, listed);
    const [longestAgo] = byCaller.keys();
    if (byCaller.size > MOST_CALLERS && longestAgo !== undefined) byCaller.delete(longestAgo);
    return listed;
  };
};

/** Where a further scope would be asked for at the call, the tool has to be there to be called. */
const isListed = (result: 'allow' | 'deny' | 'scope-missing', stepUp: boolean): boolean =>
  result === 'allow' || (result === 'scope-missing' && stepUp);

const expressionsOf = ({ authorization: { allow, deny, require }, tools }: CompiledMcpRoute): readonly string[] => [
  ...allow,
  ...deny,
  ...require,
  ...(tools.allow ?? []).flatMap(({ when }) => when ?? []),
];
