import type { CompiledPinning } from '../../config/compiled-mcp.ts';
import type { CatalogTool } from '../core/mcp.ts';
import { applyPinsOnce, type PinFinding } from '../policy/pins.ts';
import { isAtLeast, type ScanFinding, type ToolFinding } from '../policy/scan-finding.ts';
import type { Degraded } from '../targets/collect-lists.ts';
import type { McpRequest } from './mcp-request.ts';
import { degradedWords, type RouteParts } from './route-parts.ts';

export interface VisibleTools {
  readonly tools: readonly CatalogTool[];
  readonly degraded: readonly Degraded[];
  readonly ttlMs: number;
}

/** The tools of a route that a caller may see, as they were approved: the same decision as for a call (G11). */
export const visibleTools = async (
  { route, catalogue, listedTools, scan }: RouteParts,
  { call, context, exchange }: McpRequest,
): Promise<VisibleTools> => {
  const { tools, degraded, ttlMs } = await catalogue.tools(context);
  const lacking = new Set(degraded.map(({ target }) => target));
  const { visible, findings } = applyPinsOnce(
    route.pinning,
    tools,
    route.servers.filter((name) => !lacking.has(name)),
  );
  const mine = listedTools.of(call, visible);
  exchange.noteMcp({
    listed: mine.length,
    degraded: degradedWords(degraded),
    findings: findingWords(findings),
    scanFindings: toolScanWords(scan(unapproved(route.pinning, tools, findings))),
  });
  return { tools: mine, degraded, ttlMs };
};

export const findingWords = (findings: readonly PinFinding[]): readonly string[] =>
  findings.map(({ state, target, tool, severity }) => `${state} ${target}/${tool} (${severity})`);

const notApproved = new WeakMap<readonly PinFinding[], readonly CatalogTool[]>();

/** What somebody approved has been read by somebody. The same array for the same findings. */
const unapproved = (
  { mode }: CompiledPinning,
  tools: readonly CatalogTool[],
  findings: readonly PinFinding[],
): readonly CatalogTool[] => {
  if (mode === 'off') return tools;
  const known = notApproved.get(findings);
  if (known !== undefined) return known;
  const found = new Set(findings.map(({ target, tool }) => JSON.stringify([target, tool])));
  const made = tools.filter(({ target, name }) => found.has(JSON.stringify([target, name])));
  notApproved.set(findings, made);
  return made;
};

/** What is worth a look, in the words of the record. `about` says whose text it is. */
export const scanWords = (about: string, findings: readonly ScanFinding[]): readonly string[] =>
  findings
    .filter(({ severity }) => isAtLeast(severity, 'medium'))
    .map(({ rule, severity }) => `${rule} ${about} (${severity})`);

export const toolScanWords = (findings: readonly ToolFinding[]): readonly string[] =>
  findings.flatMap((finding) => scanWords(`${finding.target}/${finding.tool}`, [finding]));
