import { isObject, type Json, listOr, objectOr } from './json.ts';
import type { OpenApiDocument } from './read-document.ts';
import { follow } from './references.ts';

export type Direction = 'request' | 'response';

export const NOTHING: ReadonlySet<string> = new Set();

const MARKS = { request: 'readOnly', response: 'writeOnly' } as const;

const found = {
  request: new WeakMap<object, ReadonlySet<string>>(),
  response: new WeakMap<object, ReadonlySet<string>>(),
};

/** Names of properties that this direction leaves out, in the schema and everything it is composed of. */
export const hiddenProperties = (
  document: OpenApiDocument,
  schema: unknown,
  at: string,
  direction: Direction,
): ReadonlySet<string> => {
  const { value, pointer } = follow(document, schema, at);
  if (!isObject(value)) return NOTHING;
  const known = found[direction].get(value);
  if (known !== undefined) return known;
  const names = new Set<string>();
  gather(document, value, pointer, MARKS[direction], names, new Set());
  found[direction].set(value, names);
  return names;
};

const gather = (
  document: OpenApiDocument,
  schema: Json,
  at: string,
  mark: string,
  names: Set<string>,
  seen: Set<string>,
): void => {
  if (seen.has(at)) return;
  seen.add(at);
  for (const [name, property] of Object.entries(objectOr(schema.properties))) {
    if (!isObject(property)) continue;
    const meant = property.$ref === undefined ? property : follow(document, property, `${at}/properties/${name}`).value;
    if (property[mark] === true || (isObject(meant) && meant[mark] === true)) names.add(name);
  }
  for (const [index, branch] of listOr(schema.allOf).entries()) {
    const { value, pointer } = follow(document, branch, `${at}/allOf/${index}`);
    if (isObject(value)) gather(document, value, pointer, mark, names, seen);
  }
};
