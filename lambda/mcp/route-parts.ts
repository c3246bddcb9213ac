import type { CompiledMcp, CompiledMcpRoute } from '../../config/compiled-mcp.ts';
import { createDecide, type Decide } from '../policy/authorize.ts';
import { createListedTools, type ListedTools } from '../policy/listed-tools.ts';
import { createGradualScan, type ScanGradually } from '../policy/scan-gradually.ts';
import { createToolDecision, type DecideTool } from '../policy/tool-rules.ts';
import { type Catalogue, createCatalogue } from '../targets/catalogue.ts';
import type { Degraded } from '../targets/collect-lists.ts';
import { type Cursors, createCursors } from '../targets/cursor.ts';
import type { KeptLists } from '../targets/kept-lists.ts';
import type { McpPorts } from './ports.ts';
import { createRequestStates, type RequestStates } from './request-state.ts';

/** What the methods of one route share. */
export interface RouteParts {
  readonly route: CompiledMcpRoute;
  readonly servers: CompiledMcp['servers'];
  readonly ports: McpPorts;
  readonly catalogue: Catalogue;
  readonly decideTool: DecideTool;
  readonly listedTools: ListedTools;
  /** For what is not a tool. */
  readonly decide: Decide;
  readonly scan: ScanGradually;
  readonly secrets: () => Promise<Secrets>;
}

export interface Secrets {
  readonly cursors: Cursors;
  readonly states: RequestStates;
}

const PAGE_SIZE = 1_000;

export const createRouteParts = (
  mcp: CompiledMcp,
  route: CompiledMcpRoute,
  lists: KeptLists,
  ports: McpPorts,
): RouteParts => {
  let secrets: Secrets | undefined;
  const decideTool = createToolDecision(route, mcp.servers);
  return {
    route,
    servers: mcp.servers,
    ports,
    catalogue: createCatalogue(route, ports.targets, { lists, servers: mcp.servers }),
    decideTool,
    listedTools: createListedTools(route, decideTool),
    decide: createDecide(route.authorization),
    scan: createGradualScan((error) => ports.logBug('scan', error)),
    secrets: async () => {
      if (secrets !== undefined) return secrets;
      const key = await ports.stateKey();
      secrets = {
        cursors: createCursors(key, ports.pageSize ?? PAGE_SIZE, ports.clock),
        states: createRequestStates(key, ports),
      };
      return secrets;
    },
  };
};

const DEGRADED = 'gatehouse/degraded';

/** A list that is shorter than it should be says so (G33). */
export const degradedMeta = (degraded: readonly Degraded[]): { readonly _meta?: Readonly<Record<string, unknown>> } =>
  degraded.length === 0 ? {} : { _meta: { [DEGRADED]: degraded } };

export const degradedWords = (degraded: readonly Degraded[]): readonly string[] =>
  degraded.map(({ target, reason }) => `${target}: ${reason}`);
