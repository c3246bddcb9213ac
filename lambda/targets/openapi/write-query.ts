import type { OpenApiParameter } from '../../../config/compiled-mcp.ts';
import type { Raw } from '../../core/mcp.ts';
import { BadArgument } from './bad-argument.ts';
import { encode, isPlainObject, isScalar, scalarText } from './scalar.ts';

/** Between the items of a list that is not exploded. Encoded, where a URL may not hold the character. */
const DELIMITERS = new Map([
  ['form', ','],
  ['spaceDelimited', '%20'],
  ['pipeDelimited', '%7C'],
  ['tabDelimited', '%09'],
]);

const MAX_NESTED = 8;

/** The query with its `?`, or nothing. Reserved characters are encoded always: `allowReserved` would let a value add parameters. */
export const writeQuery = (parameters: readonly OpenApiParameter[], args: Raw): string => {
  const query = parameters.filter((one) => one.in === 'query');
  const names = new Set(query.map(({ name }) => name));
  const pairs = query.flatMap((parameter) => {
    const value = Object.hasOwn(args, parameter.argument) ? args[parameter.argument] : undefined;
    if (value === undefined || value === null) return [];
    return writeParameter(parameter, value, names);
  });
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
};

const writeParameter = (
  { argument, name, style, explode, shape, keys }: OpenApiParameter,
  value: unknown,
  names: ReadonlySet<string>,
): readonly string[] => {
  if (style === 'json') return [`${encode(name)}=${encode(json(value, argument))}`];
  if (isScalar(value)) {
    if (shape === 'array' || shape === 'object') throw new BadArgument(`${argument} takes ${TAKES[shape]}`);
    return [`${encode(name)}=${encode(scalarText(value, argument))}`];
  }
  if (shape !== undefined && shape !== (Array.isArray(value) ? 'array' : 'object'))
    throw new BadArgument(`${argument} takes ${TAKES[shape]}`);
  if (isPlainObject(value)) {
    for (const key of Object.keys(value)) {
      // An exploded object has its keys as parameters: it must not become one that is something else.
      const isOther = style === 'form' && explode && keys === undefined && names.has(key) && key !== name;
      if (isOther || keys?.includes(key) === false) throw new BadArgument(`${argument} has a key that it may not have`);
    }
  }
  return writePairs({ name, style, explode }, value, argument);
};

const TAKES = { scalar: 'one plain value', array: 'a list', object: 'an object' } as const;

/** Name and value pairs of one list or object, in a query or a form. */
export const writePairs = (
  { name, style, explode }: { readonly name: string; readonly style: string; readonly explode: boolean },
  value: unknown,
  argument: string,
): readonly string[] => {
  if (isScalar(value)) return [`${encode(name)}=${encode(scalarText(value, argument))}`];
  if (style === 'deepObject') return deep(name, value, argument, 0);
  const item = (one: unknown): string => encode(isScalar(one) ? scalarText(one, argument) : json(one, argument));
  if (Array.isArray(value)) {
    if (value.length === 0) return [];
    if (explode) return value.map((one) => `${encode(name)}=${item(one)}`);
    return [`${encode(name)}=${value.map(item).join(DELIMITERS.get(style) ?? ',')}`];
  }
  const entries = isPlainObject(value) ? Object.entries(value).filter(([, one]) => one !== null) : [];
  if (entries.length === 0) return [];
  if (explode)
    return entries.map(([key, one]) => `${key === '' ? refuseKey(argument) : encodeKey(key, argument)}=${item(one)}`);
  const pieces = entries.flatMap(([key, one]) => [encodeKey(key, argument), item(one)]);
  return [`${encode(name)}=${pieces.join(DELIMITERS.get(style) ?? ',')}`];
};

/** `filter[owner][name]=…`, as most servers read it; OpenAPI itself leaves deeper levels open. */
const deep = (name: string, value: unknown, argument: string, depth: number): readonly string[] => {
  if (value === null || value === undefined) return [];
  if (isScalar(value)) return [`${encode(name)}=${encode(scalarText(value, argument))}`];
  if (depth >= MAX_NESTED) throw new BadArgument(`${argument} is nested too deep`);
  return Object.entries(value as object).flatMap(([key, one]) => {
    if (/[[\]]/.test(key)) return refuseKey(argument);
    return deep(`${name}[${scalarText(key, argument)}]`, one, argument, depth + 1);
  });
};

const encodeKey = (key: string, argument: string): string => encode(scalarText(key, argument));

const refuseKey = (argument: string): never => {
  throw new BadArgument(`${argument} has a key that it may not have`);
};

const json = (value: unknown, argument: string): string => {
  const text = JSON.stringify(value) ?? 'null';
  return scalarText(text, argument);
};
