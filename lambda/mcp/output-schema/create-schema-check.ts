import type { Raw } from '../../core/mcp.ts';
import { plainNumbers } from '../../core/plain-numbers.ts';
import { isRaw } from '../../targets/raw.ts';
import { KEYWORDS, type Keyword } from './keywords.ts';
import { all, at, type Outcome } from './outcome.ts';

/** A schema is a server's: it may not cost more than this, in keywords looked at and values compared. */
const MAX_STEPS = 250_000;
/** Of JSON. What is longer is not prepared. */
const MAX_SCHEMA_CHARS = 262_144;
/** Schemas within schemas and references, of one value and of those in it. */
const MAX_DEPTH = 200;

const DIALECTS: ReadonlySet<string> = new Set([
  'https://json-schema.org/draft/2020-12/schema',
  'https://json-schema.org/draft/2019-09/schema',
]);
/** There `$ref` puts everything beside it out of force. */
const DRAFT_7 = 'http://json-schema.org/draft-07/schema';

class TooMuch extends Error {
  override readonly name = 'TooMuch';
}

/**
 * Says of a value where in the schema it fails, as a JSON Pointer; `true` if it does not; `undefined` if that can't be said.
 *
 * Patterns, `unevaluated…`, dynamic references and other documents are left open, and so is what takes too many steps: a
 * schema that is beyond us must not cost the answer.
 *
 * Source: JSON Schema 2020-12, core and validation; MCP 2026-07-28, "Output Schema".
 */
export const createSchemaCheck = (given: Raw): ((value: unknown) => Outcome) => {
  if (JSON.stringify(given).length > MAX_SCHEMA_CHARS) return () => undefined;
  const root = plainNumbers(given) as Raw;
  const dialect = typeof root.$schema === 'string' ? root.$schema.replace(/#$/, '') : root.$schema;
  const isDraft7 = dialect === DRAFT_7;
  if (!(dialect === undefined || isDraft7 || DIALECTS.has(dialect as string)) || hasOwnBase(root))
    return () => undefined;

  const known = new Map<Raw, readonly (readonly [string, Keyword])[]>();
  const keywordsOf = (schema: Raw) => {
    const before = known.get(schema);
    if (before !== undefined) return before;
    const names = isDraft7 && schema.$ref !== undefined ? ['$ref'] : Object.keys(schema);
    const keywords = names.flatMap((name) => {
      const keyword = KEYWORDS.get(name);
      return keyword === undefined ? [] : [[name, keyword] as const];
    });
    known.set(schema, keywords);
    return keywords;
  };

  const found = new Map<string, unknown>();
  const resolved = (reference: string): unknown => {
    if (!found.has(reference)) found.set(reference, resolve(root, reference));
    return found.get(reference);
  };

  return (value) => {
    let [steps, depth] = [0, 0];
    const spend = (more: number): void => {
      steps += more;
      if (steps > MAX_STEPS) throw new TooMuch();
    };
    const check = (schema: unknown, of: unknown): Outcome => {
      spend(1);
      if (typeof schema === 'boolean') return schema || '';
      if (!isRaw(schema)) return undefined;
      if (++depth > MAX_DEPTH) throw new TooMuch();
      const keywords = keywordsOf(schema);
      spend(keywords.length);
      const outcome = all(keywords, ([name, keyword]) => at(name, keyword(schema[name], of, walk, schema)));
      depth--;
      return outcome;
    };
    const walk = { spend, check, resolve: resolved };
    try {
      return check(root, plainNumbers(value));
    } catch (thrown) {
      if (thrown instanceof TooMuch) return undefined;
      throw thrown;
    }
  };
};

/** Within the document alone: `#` and JSON Pointers (RFC 6901 §6). */
const resolve = (root: Raw, reference: string): unknown => {
  if (reference === '#') return root;
  if (!reference.startsWith('#/')) return undefined;
  let found: unknown = root;
  for (const step of reference.slice(2).split('/')) {
    const name = unescaped(step);
    if (typeof found !== 'object' || found === null || name === undefined || !Object.hasOwn(found, name))
      return undefined;
    found = (found as Raw)[name];
  }
  return found;
};

const unescaped = (step: string): string | undefined => {
  try {
    return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return undefined;
  }
};

/** A schema in this one that references are relative to. */
const hasOwnBase = (root: Raw): boolean => Object.values(root).some((value) => isBase(value));

const isBase = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  if (typeof (value as Raw).$id === 'string') return true;
  return Object.values(value).some(isBase);
};
