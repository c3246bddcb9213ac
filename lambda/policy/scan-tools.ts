import type { CatalogTool, Raw } from '../core/mcp.ts';
import { createToolMemory } from '../core/tool-memory.ts';
import { findShadowing } from './find-shadowing.ts';
import type { Signal } from './instruction-signals.ts';
import { findLookAlikes } from './look-alike-names.ts';
import type { ScanFinding, ToolFinding } from './scan-finding.ts';
import { scanValue } from './scan-value.ts';

/** Parameters that ask a model for more than a tool can need (T3). `context` and `notes` do too, and honest ones are called so. */
const ASKS_FOR_MORE =
  /^(?:side_?notes?|system_?prompt|conversation_?(?:history|so_far|context)|chat_?(?:history|log)|full_?(?:context|conversation)|scratchpad|your_?(?:instructions|context|reasoning))$/i;

/** What one definition says to the model, in any of its strings. */
export const scanDefinition = (definition: Raw): readonly ScanFinding[] => {
  const { name } = definition;
  return [
    ...scanValue(definition, 'whole', asksForMore(definition)),
    ...(typeof name === 'string' && !/^[\w./-]{1,128}$/.test(name)
      ? [{ rule: 'odd-name', severity: 'medium', where: '/name' } as const]
      : []),
  ];
};

const asksForMore = ({ inputSchema }: Raw): [Signal, string][] => {
  if (typeof inputSchema !== 'object' || inputSchema === null || !('properties' in inputSchema)) return [];
  const { properties } = inputSchema;
  if (typeof properties !== 'object' || properties === null) return [];
  const asking = Object.keys(properties).find((name) => ASKS_FOR_MORE.test(name));
  return asking === undefined ? [] : [['asks-for-more', `/inputSchema/properties/${asking}`]];
};

const scanned = createToolMemory<readonly ScanFinding[]>();

/** The same, with whose tool it is. Scanned once for as long as a catalogue keeps it. */
export const scanTool = (tool: CatalogTool): readonly ToolFinding[] => {
  const { target, name, definition } = tool;
  const findings = scanned.get(tool) ?? scanDefinition(definition);
  scanned.set(tool, findings);
  return findings.map((finding) => ({ ...finding, target, tool: name.slice(0, 128) }));
};

const catalogues = new WeakMap<readonly CatalogTool[], readonly ToolFinding[]>();

/**
 * Everything worth a look in a catalogue: each definition by itself, and servers that speak about, or look like, each other
 * (T4, T5). It judges texts and decides nothing. Patterns see families of attacks they know: a polite sentence that none of
 * them describes passes, which is why pinning is the control and this the help for whoever approves.
 *
 * Shape:  the same array of tools is scanned once.
 */
export const scanTools = (tools: readonly CatalogTool[]): readonly ToolFinding[] => {
  const known = catalogues.get(tools);
  if (known !== undefined) return known;
  const findings = [...tools.flatMap(scanTool), ...findShadowing(tools), ...findLookAlikes(tools)];
  catalogues.set(tools, findings);
  return findings;
};

/** The same for what a tool answered: text, structured content and error messages alike (T6). Never holds any of it. */
export const scanResult = (result: unknown): readonly ScanFinding[] => scanValue(result, 'near');
