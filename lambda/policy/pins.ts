import type { CompiledPinning, PinnedTool } from '../../config/compiled-mcp.ts';
import { hashDefinition } from '../../config/hash-definition.ts';
import type { CatalogTool, Raw } from '../core/mcp.ts';
import { createToolMemory } from '../core/tool-memory.ts';
import { compareDefinitions } from './compare-definitions.ts';
import { findRenamed } from './find-renamed.ts';
import { gravest, type Severity } from './scan-finding.ts';

export type PinState = 'approved' | 'new' | 'changed' | 'removed' | 'renamed';

/** A tool that is not as it was approved. */
export interface PinFinding {
  readonly state: Exclude<PinState, 'approved'>;
  readonly target: string;
  /** The server's own name: outside text. */
  readonly tool: string;
  /** `renamed`: the name under which it was approved. */
  readonly was?: string;
  /** Of the definition that is there now; absent when there is none. */
  readonly sha256?: string;
  readonly severity: Severity;
}

export interface PinnedCatalog {
  readonly visible: readonly CatalogTool[];
  readonly findings: readonly PinFinding[];
}

/** Hashed once for each definition that a catalogue keeps; a list of 2,000 would otherwise cost tens of milliseconds. */
const hashes = createToolMemory<string>();

const hashOf = (tool: CatalogTool): string => {
  const hash = hashes.get(tool) ?? hashDefinition(tool.definition);
  hashes.set(tool, hash);
  return hash;
};

/** Tools may be called `constructor`: only what the lock file itself holds counts. */
export const pinOf = (
  { pins }: Pick<CompiledPinning, 'pins'>,
  target: string,
  name: string,
): PinnedTool | undefined => {
  const tools = Object.hasOwn(pins, target) ? pins[target] : undefined;
  return tools !== undefined && Object.hasOwn(tools, name) ? tools[name] : undefined;
};

const stateOf = (pin: PinnedTool | undefined, tool: CatalogTool): 'approved' | 'changed' | 'new' => {
  if (pin === undefined) return 'new';
  return pin.sha256 === hashOf(tool) ? 'approved' : 'changed';
};

/**
 * The tool as clients may have it, or `undefined` when it is hidden: the one decision for lists and for calls (T2). What was
 * approved is what clients see, wherever there is such a thing: under `warn` a changed tool keeps its approved description, so
 * that the new one does not reach a model.
 */
export const applyPin = (pinning: CompiledPinning, tool: CatalogTool): CatalogTool | undefined => {
  if (pinning.mode === 'off') return tool;
  const pin = pinOf(pinning, tool.target, tool.name);
  const state = stateOf(pin, tool);
  if (pinning.mode === 'enforce' && state !== 'approved') return undefined;
  return pin === undefined ? tool : { ...tool, definition: pin.definition };
};

/**
 * What pinning leaves of a catalogue, and what it found.
 *
 * Shape:  `answered` are the servers whose lists are whole: of others nothing can be said to be removed. Without it, those
 *         that have any tool here.
 */
export const applyPins = (
  pinning: CompiledPinning,
  tools: readonly CatalogTool[],
  answered: Iterable<string> = new Set(tools.map(({ target }) => target)),
): PinnedCatalog => {
  if (pinning.mode === 'off') return { visible: tools, findings: [] };
  return {
    visible: tools.flatMap((tool) => applyPin(pinning, tool) ?? []),
    findings: findChanges(pinning, tools, answered),
  };
};

/** The same of a catalogue, which is the same array until something changes, and is listed again for every caller. */
export const applyPinsOnce = (
  pinning: CompiledPinning,
  tools: readonly CatalogTool[],
  answered: readonly string[],
): PinnedCatalog => {
  const known = results.get(tools);
  const isSame = known?.pinning === pinning && known.answered.length === answered.length;
  if (isSame && known.answered.every((name, index) => name === answered[index])) return known.result;
  const result = applyPins(pinning, tools, answered);
  results.set(tools, { pinning, answered, result });
  return result;
};

const results = new WeakMap<
  readonly CatalogTool[],
  { readonly pinning: CompiledPinning; readonly answered: readonly string[]; readonly result: PinnedCatalog }
>();

/** How a catalogue differs from what was approved, whatever the mode. */
export const findChanges = (
  pinning: Pick<CompiledPinning, 'pins'>,
  tools: readonly CatalogTool[],
  answered: Iterable<string>,
): readonly PinFinding[] => {
  const listed = Map.groupBy(tools, ({ target }) => target);
  const whole = new Set(answered);
  return [...new Set([...listed.keys(), ...whole])].flatMap((target) =>
    changesOf(pinning, target, listed.get(target) ?? [], whole.has(target)),
  );
};

const changesOf = (
  pinning: Pick<CompiledPinning, 'pins'>,
  target: string,
  tools: readonly CatalogTool[],
  isWhole: boolean,
): PinFinding[] => {
  const names = new Set(tools.map(({ name }) => name));
  const pinned = Object.hasOwn(pinning.pins, target) ? (pinning.pins[target] ?? {}) : {};
  const gone = isWhole ? Object.entries(pinned).filter(([name]) => !names.has(name)) : [];
  const judged = tools.map((tool) => {
    const pin = pinOf(pinning, target, tool.name);
    return { tool, pin, state: stateOf(pin, tool) };
  });
  const renamed = findRenamed(
    gone.map(([name, { definition }]) => ({ name, definition })),
    judged.filter(({ state }) => state === 'new').map(({ tool }) => tool),
  );
  const moved = new Set(renamed.values());
  return [
    ...judged.flatMap(({ tool, pin, state }): PinFinding[] => {
      if (state === 'approved') return [];
      const about = { target, tool: tool.name, sha256: hashOf(tool) };
      if (state === 'changed' && pin !== undefined)
        return [{ ...about, state, severity: changeSeverity(pin.definition, tool.definition) }];
      const was = renamed.get(tool.name);
      // T1: a new name is how a changed tool gets past pins that are kept by name.
      if (was !== undefined) return [{ ...about, state: 'renamed', was, severity: 'high' }];
      return [{ ...about, state: 'new', severity: 'medium' }];
    }),
    ...gone.flatMap(([tool]): PinFinding[] =>
      moved.has(tool) ? [] : [{ state: 'removed', target, tool, severity: 'low' }],
    ),
  ];
};

const changeSeverity = (approved: Raw, live: Raw): Severity =>
  gravest(compareDefinitions(approved, live).map(({ severity }) => severity));
