import type { CatalogTool } from '../core/mcp.ts';
import { createToolMemory } from '../core/tool-memory.ts';
import { foldConfusables } from './confusables.ts';
import { unhide } from './hidden-text.ts';
import type { ToolFinding } from './scan-finding.ts';
import { stringsIn } from './strings-in.ts';

const NAME = /[\p{L}\p{N}_.-]+/gu;

/** `sendEmail`, `send-email` and `send_email` are one; `send` is a word like others and not looked for. */
const folded = (name: string): string | undefined => {
  const parts = foldConfusables(name)
    .replace(/(?<=[\p{Ll}\p{N}])(?=\p{Lu})/gu, '_')
    .toLowerCase()
    .split(/[_.-]+/)
    .filter((part) => part !== '');
  return parts.length < 2 ? undefined : parts.join('_');
};

const mentions = createToolMemory<ReadonlyMap<string, string>>();

/** Every name-like word of a definition and where it first stands, apart from the tool's own name. */
const mentionsIn = (tool: CatalogTool): ReadonlyMap<string, string> => {
  const known = mentions.get(tool);
  if (known !== undefined) return known;
  const found = new Map<string, string>();
  for (const { text, where, kind } of stringsIn(tool.definition)) {
    if (where === '/name' || kind === 'name') continue;
    for (const [word] of unhide(text).text.matchAll(NAME)) {
      const name = folded(word);
      if (name !== undefined && !found.has(name)) found.set(name, where);
    }
  }
  mentions.set(tool, found);
  return found;
};

/** Descriptions that name a tool of another server: one server has no business telling how another's is used (T4). */
export const findShadowing = (tools: readonly CatalogTool[]): readonly ToolFinding[] => {
  const owners = new Map<string, Set<string>>();
  const own = (name: string, target: string): void => {
    const key = folded(name);
    if (key !== undefined) owners.set(key, (owners.get(key) ?? new Set()).add(target));
  };
  for (const { target, name, exposedName } of tools) {
    own(name, target);
    own(exposedName, target);
  }
  return tools.flatMap((tool): ToolFinding[] => {
    const { target, name } = tool;
    for (const [mentioned, where] of mentionsIn(tool)) {
      const others = owners.get(mentioned);
      if (others !== undefined && !others.has(target))
        return [{ rule: 'shadowing', severity: 'high', where, target, tool: name.slice(0, 128) }];
    }
    return [];
  });
};
