import type { CatalogTool, Raw } from '../core/mcp.ts';
import type { CatalogResource } from './catalogue.ts';
import { isRaw } from './raw.ts';
import { type ResourceUris, withUiUri, withUri, withUriTemplate } from './resource-uris.ts';

const HEADER_MARK = 'x-mcp-header';

/**
 * A tool or prompt as clients of a route see it: its exposed name, its URIs, and no marks that would ask clients for headers on
 * the hop to us (G50). Everything else is as the server wrote it.
 */
export const exposeNamed = ({ definition, exposedName }: CatalogTool, uris: ResourceUris): Raw => {
  const own = withUiUri({ ...definition, name: exposedName }, uris);
  return isRaw(own.inputSchema) ? { ...own, inputSchema: unmarked(own.inputSchema) } : own;
};

export const exposeResource = ({ definition }: CatalogResource, uris: ResourceUris): Raw =>
  withUiUri(withUri(definition, uris), uris);

export const exposeTemplate = ({ definition }: CatalogResource, uris: ResourceUris): Raw =>
  withUiUri(withUriTemplate(definition, uris), uris);

/** Schemas are the same objects for as long as their list is: most are looked through once. */
const seen = new WeakMap<Raw, Raw>();

const unmarked = (schema: Raw): Raw => {
  const known = seen.get(schema);
  if (known !== undefined) return known;
  const made = withoutMarks(schema) as Raw;
  seen.set(schema, made);
  return made;
};

/** The very value where nothing is marked. A property that is itself called like the mark is none. */
const withoutMarks = (value: unknown, isNames = false): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => withoutMarks(item));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const entries = Object.entries(value);
  const kept = entries
    .filter(([name]) => isNames || name !== HEADER_MARK)
    .map(([name, member]) => [name, withoutMarks(member, !isNames && HOLDS_NAMES.has(name))] as const);
  const isSame = kept.length === entries.length && kept.every(([, member], index) => member === entries[index]?.[1]);
  return isSame ? value : Object.fromEntries(kept);
};

const HOLDS_NAMES: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
]);
