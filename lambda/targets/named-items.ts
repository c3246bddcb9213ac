import type { CompiledMcpRoute } from '../../config/compiled-mcp.ts';
import type { CatalogTool, Raw } from '../core/mcp.ts';
import { exposedName } from './names.ts';
import { isRaw } from './raw.ts';

/** A server's tools or prompts under the names that clients use. */
export interface NamedItems {
  readonly target: string;
  /** In the order of exposed names (G10). */
  readonly items: readonly CatalogTool[];
  /** All that have an exposed name: a server may choose a name that is what another of its names becomes. */
  find(exposed: string): readonly CatalogTool[];
  /** What of the list could not be taken, in our own words. */
  readonly findings: readonly string[];
}

const MAX_NAME_CHARS = 1_024;

/** One bad item must not cost the list: clients refuse a list whole. */
export const nameItems = (
  target: string,
  definitions: readonly Raw[],
  prefix: CompiledMcpRoute['prefix'],
  kind: 'tools' | 'prompts',
): NamedItems => {
  const named = new Map<string, CatalogTool>();
  const findings = new Set<string>();
  for (const definition of definitions) {
    const { name } = definition;
    const isWhole = typeof name === 'string' && name !== '' && name.length <= MAX_NAME_CHARS;
    if (!isWhole || !isWellFormed(definition, kind)) findings.add('invalid definition');
    else if (named.has(name)) findings.add('name listed twice');
    else
      named.set(name, {
        target,
        name,
        exposedName: exposedName(target, name, prefix),
        definition,
        list: definitions,
      });
  }
  const items = [...named.values()].sort(byExposedName);
  let found: ReadonlyMap<string, readonly CatalogTool[]> | undefined;
  return {
    target,
    items,
    find(exposed) {
      found ??= Map.groupBy(items, (item) => item.exposedName); // Only calls look for one.
      return found.get(exposed) ?? [];
    },
    findings: [...findings],
  };
};

const isWellFormed = (definition: Raw, kind: 'tools' | 'prompts'): boolean => {
  const { title, description, annotations, _meta, outputSchema, inputSchema } = definition;
  const areTexts = isTextOrAbsent(title) && isTextOrAbsent(description);
  const areObjects = isRawOrAbsent(annotations) && isRawOrAbsent(_meta) && isRawOrAbsent(outputSchema);
  return areTexts && areObjects && (kind !== 'tools' || isRaw(inputSchema));
};

const isTextOrAbsent = (value: unknown): boolean => value === undefined || typeof value === 'string';

const isRawOrAbsent = (value: unknown): boolean => value === undefined || isRaw(value);

const byExposedName = (one: CatalogTool, other: CatalogTool): number =>
  one.exposedName < other.exposedName ? -1 : Number(one.exposedName > other.exposedName);
