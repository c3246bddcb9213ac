import type { Json } from './provider.ts';
import { isObject } from './upstream-words.ts';

const LISTS = ['anyOf', 'oneOf', 'allOf'];
const NAMED = ['$defs', 'definitions'];

/**
 * A schema as OpenAI's strict mode demands it (R23, R71): every object closed, every property required, and what was
 * optional may be null. Undefined where that can't be said: an object whose property names are open.
 *
 * Source: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas.
 */
export const toStrictSchema = (schema: Json): Json | undefined => {
  let open = false;
  const each = (value: unknown): unknown => (isObject(value) ? close(value) : value);
  const all = (values: Json): Json =>
    Object.fromEntries(Object.entries(values).map(([name, one]) => [name, each(one)]));
  const close = (node: Json): Json => {
    const closed: Record<string, unknown> = { ...node };
    for (const name of LISTS) if (Array.isArray(node[name])) closed[name] = node[name].map(each);
    for (const name of NAMED) if (isObject(node[name])) closed[name] = all(node[name]);
    if (node.items !== undefined) closed.items = each(node.items);
    if (node.type !== 'object' && !isObject(node.properties)) return closed;
    if (node.additionalProperties === true || isObject(node.additionalProperties)) open = true;
    const properties = isObject(node.properties) ? node.properties : {};
    const required = new Set(Array.isArray(node.required) ? node.required : []);
    closed.properties = Object.fromEntries(
      Object.entries(properties).map(([name, one]) => [name, required.has(name) ? each(one) : nullable(each(one))]),
    );
    closed.required = Object.keys(properties);
    closed.additionalProperties = false;
    return closed;
  };
  const strict = close(schema);
  return open ? undefined : strict;
};

const nullable = (schema: unknown): unknown => {
  if (!isObject(schema)) return schema;
  const { type, enum: values } = schema;
  const types = Array.isArray(type) ? type : typeof type === 'string' ? [type] : undefined;
  if (types === undefined) return { anyOf: [schema, { type: 'null' }] };
  return {
    ...schema,
    type: types.includes('null') ? types : [...types, 'null'],
    ...(Array.isArray(values) && !values.includes(null) ? { enum: [...values, null] } : {}),
  };
};
