import type { CatalogTool, Raw } from '../core/mcp.ts';
import type { CatalogResource } from './catalogue.ts';
import { type ResourceUris, withUiUri, withUri, withUriTemplate } from './resource-uris.ts';

const HEADER_MARK = 'x-mcp-header';

/**
 * A tool or prompt as clients of a route see it: its exposed name, its URIs, and no marks that would ask clients for headers on
 * the hop to us (G50). Everything else is as the server wrote it.
 */
export const exposeNamed = (item: CatalogTool, uris: ResourceUris): Raw => {
  const own = named(item, uris);
  return isMarked(own.inputSchema) ? { ...own, inputSchema: withoutMarks(own.inputSchema) } : own;
};

/**
 * The same as JSON, after `change`. Written first and searched as text: hardly any definition has the mark, and looking through
 * JSON is faster than walking objects. A mark in a description costs a second writing and changes nothing.
 */
export const writeNamed = (item: CatalogTool, uris: ResourceUris, change: (exposed: Raw) => Raw): string => {
  const text = JSON.stringify(change(named(item, uris)));
  return text.includes(HEADER_MARK) ? JSON.stringify(change(exposeNamed(item, uris))) : text;
};

const named = ({ definition, exposedName }: CatalogTool, uris: ResourceUris): Raw =>
  withUiUri({ ...definition, name: exposedName }, uris);

export const exposeResource = ({ definition }: CatalogResource, uris: ResourceUris): Raw =>
  withUiUri(withUri(definition, uris), uris);

export const exposeTemplate = ({ definition }: CatalogResource, uris: ResourceUris): Raw =>
  withUiUri(withUriTemplate(definition, uris), uris);

/** Hardly any schema is marked. A property that is itself called like the mark is none. */
const isMarked = (value: unknown, isNames = false): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item: unknown) => isMarked(item));
  for (const name of Object.keys(value)) {
    if (!isNames && name === HEADER_MARK) return true;
    if (isMarked((value as Raw)[name], !isNames && HOLDS_NAMES.has(name))) return true;
  }
  return false;
};

/** The very value where nothing is marked: a number with all its digits is an object that can't be made again. */
const withoutMarks = (value: unknown, isNames = false): unknown => {
  if (!isMarked(value, isNames)) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => withoutMarks(item));
  return Object.fromEntries(
    Object.entries(value as Raw)
      .filter(([name]) => isNames || name !== HEADER_MARK)
      .map(([name, member]) => [name, withoutMarks(member, !isNames && HOLDS_NAMES.has(name))]),
  );
};

const HOLDS_NAMES: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
]);
