import { isObject, type Json, listOr } from './json.ts';
import type { OpenApiDocument } from './read-document.ts';
import { follow } from './references.ts';

export type Shape = 'scalar' | 'array' | 'object';

const OF_TYPE = new Map<string, Shape>([
  ['array', 'array'],
  ['object', 'object'],
  ['string', 'scalar'],
  ['number', 'scalar'],
  ['integer', 'scalar'],
  ['boolean', 'scalar'],
  ['file', 'scalar'],
]);

/** The kind of value a schema is about, through references and compositions; `undefined` where it may be several. */
export const shapeOf = (
  document: OpenApiDocument,
  schema: unknown,
  at: string,
  seen = new Set<string>(),
): Shape | undefined => {
  const { value, pointer } = follow(document, schema, at);
  if (!isObject(value) || seen.has(pointer)) return undefined;
  seen.add(pointer);
  const types = typesOf(value).filter((type) => type !== 'null');
  if (types.length > 0) {
    const [shape, ...others] = new Set(types.map((type) => OF_TYPE.get(type)));
    return others.length === 0 ? shape : undefined;
  }
  if (isObject(value.properties)) return 'object';
  if (value.items !== undefined) return 'array';
  if (Array.isArray(value.enum)) return value.enum.every((one) => typeof one !== 'object') ? 'scalar' : undefined;
  const branches = (key: string) =>
    listOr(value[key]).map((branch, index) => shapeOf(document, branch, `${pointer}/${key}/${index}`, seen));
  const all = branches('allOf').find((shape) => shape !== undefined);
  if (all !== undefined) return all;
  const [one, ...others] = new Set([...branches('oneOf'), ...branches('anyOf')]);
  return others.length === 0 ? one : undefined;
};

export const typesOf = ({ type }: Json): readonly string[] =>
  typeof type === 'string' ? [type] : listOr(type).filter((one): one is string => typeof one === 'string');
