import type { CatalogTool, Raw } from '../core/mcp.ts';
import type { CatalogResource } from './catalogue.ts';
import { type ResourceUris, withUiUri, withUri, withUriTemplate } from './resource-uris.ts';

const HEADER_MARK = 'x-mcp-header';

/**
 * A tool or prompt as clients of a route see it: its exposed name, its URIs, and no marks that would ask clients for headers on
 * the hop to us (G50). Everything else is as the server wrote it.
 */
export const exposeNamed = ({ definition, exposedName }: CatalogTool, uris: ResourceUris): Raw => {
  const own = withUiUri({ ...definition, name: exposedName }, uris);
  return isMarked(own.inputSchema) ? { ...own, inputSchema: withoutMarks(own.inputSchema) } : own;
};

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
