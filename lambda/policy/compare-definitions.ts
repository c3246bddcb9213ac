import { canonicalJson } from '../../config/canonical-json.ts';
import { isExactNumber } from '../../config/exact-json.ts';
import type { Raw } from '../core/mcp.ts';
import type { Severity } from './scan-finding.ts';

/** One place at which a definition is not what was approved. */
export interface DefinitionChange {
  /** JSON Pointer (RFC 6901) into the definition; empty for the whole of it. */
  readonly where: string;
  readonly before?: unknown;
  readonly after?: unknown;
  /** `high`: the change is one of those that attacks are made of. None is harmless: a change is a change (T3). */
  readonly severity: Severity;
}

/** What models fill with more than a tool needs, because the name asks for it. */
const ASKS_FOR_MORE =
  /^(?:context|side_?notes?|notes?|reason(?:ing)?|thoughts?|system_?prompt|prompt|instructions?|conversation(?:_?history)?|chat_?history|history|messages|memory|scratchpad|debug(?:_?info)?|metadata)$/i;

const MAX_CHANGES = 200;

/** Every difference between what was approved and what is there now, in the order of the definition's members. */
export const compareDefinitions = (approved: Raw, live: Raw): readonly DefinitionChange[] => {
  const changes: DefinitionChange[] = [];
  const visit = (before: unknown, after: unknown, path: readonly string[]): void => {
    if (changes.length >= MAX_CHANGES) return;
    if (isObject(before) && isObject(after)) {
      for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
        visit(own(before, name), own(after, name), [...path, name]);
      return;
    }
    if (before !== undefined && after !== undefined && canonicalJson(before) === canonicalJson(after)) return;
    if (before === undefined && after === undefined) return;
    changes.push({
      where: pointer(path),
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      severity: isGrave(path, before, after) ? 'high' : 'medium',
    });
  };
  visit(approved, live, []);
  return changes;
};

const isObject = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value);

/** A member called `constructor` is a server's word too. */
const own = (object: Raw, name: string): unknown => (Object.hasOwn(object, name) ? object[name] : undefined);

export const pointer = (path: readonly string[]): string =>
  path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

const isGrave = (path: readonly string[], before: unknown, after: unknown): boolean => {
  if (path[0] === 'annotations') return true;
  const last = path.at(-1) ?? '';
  // `properties` may be a parameter's name too: then what follows is no schema keyword, and counts all the same.
  const isProperty = path.at(-2) === 'properties';
  if (isProperty) return before === undefined && (ASKS_FOR_MORE.test(last) || hasDefault(after));
  if (last === 'properties' && before === undefined && isObject(after))
    return Object.entries(after).some(([name, schema]) => ASKS_FOR_MORE.test(name) || hasDefault(schema));
  return last === 'default' && after !== undefined;
};

const hasDefault = (schema: unknown): boolean => isObject(schema) && Object.hasOwn(schema, 'default');
