import { JsonText } from '../core/json-text.ts';
import type { CatalogTool, Raw } from '../core/mcp.ts';
import { createToolMemory, type ToolMemory } from '../core/tool-memory.ts';
import type { Catalogue } from '../targets/catalogue.ts';
import { writeNamed } from '../targets/expose.ts';
import { isRaw } from '../targets/raw.ts';
import type { Era } from './protocol/versions.ts';

/** `tools` of a `tools/list`, in the words of a client's era. */
export type WriteTools = (tools: readonly CatalogTool[], era: Era) => JsonText;

interface Written {
  readonly exposedName: string;
  readonly text: string;
}

/** Every caller gets a choice of the same tools: each is written once, for as long as its definition is the same object. */
export const createWriteTools = ({ urisOf }: Pick<Catalogue, 'urisOf'>): WriteTools => {
  const known: Readonly<Record<Era, ToolMemory<Written>>> = { modern: createToolMemory(), legacy: createToolMemory() };

  const textOf = (tool: CatalogTool, era: Era): string => {
    const { exposedName, target } = tool;
    const before = known[era].get(tool);
    if (before?.exposedName === exposedName) return before.text;
    const text = writeNamed(tool, urisOf(target), era === 'modern' ? asItIs : forLegacy);
    known[era].set(tool, { exposedName, text });
    return text;
  };

  return (tools, era) => new JsonText(`[${tools.map((tool) => textOf(tool, era)).join(',')}]`);
};

const asItIs = (tool: Raw): Raw => tool;

/** A schema for something else than an object: a client of 2025 would refuse the whole list. */
const forLegacy = (tool: Raw): Raw => {
  if (!isRaw(tool.outputSchema) || tool.outputSchema.type === 'object') return tool;
  const { outputSchema: _, ...rest } = tool;
  return rest;
};
