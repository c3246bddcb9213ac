import { Refusal } from '../core/refusal.ts';
import type { Json } from './provider.ts';
import { isObject } from './upstream-words.ts';

/** References written out may grow without end: no honest tool is larger, or nested deeper. */
const MAX_SCHEMAS = 5000;
const MAX_REFERENCES = 32;

/**
 * JSON Schema → the subset of OpenAPI 3.0 that older Gemini models take (R19): `$ref` written out, `null` as `nullable`, and
 * nothing that the API does not know. What can't be said there is left out, so that the schema only becomes wider.
 *
 * Errors: `Refusal('unsupported_parameter')` for a schema that is too large once its references are written out.
 * Source: Gemini API reference, v1beta, "Schema".
 */
export const toOpenApiSchema = (schema: Json, param: string): Json => new SchemaWriter(schema, param).write(schema, []);

/** Copied as they are where they are of the right kind. */
const KEPT = ['description', 'minItems', 'maxItems', 'minimum', 'maximum', 'minLength', 'maxLength', 'pattern'];

const FORMATS: ReadonlyMap<string, ReadonlySet<unknown>> = new Map([
  ['STRING', new Set(['date-time', 'enum'])],
  ['INTEGER', new Set(['int32', 'int64'])],
  ['NUMBER', new Set(['float', 'double'])],
]);

class SchemaWriter {
  readonly #root: Json;
  readonly #param: string;
  #left = MAX_SCHEMAS;

  constructor(root: Json, param: string) {
    this.#root = root;
    this.#param = param;
  }

  /** `open` are the references that this schema stands in: one of them again is a circle. */
  write(schema: unknown, open: readonly string[]): Json {
    this.#left -= 1;
    if (this.#left < 0) {
      const expected = 'a schema that stays small when its $ref are written out';
      throw new Refusal('unsupported_parameter', { reason: 'schema' }, { param: this.#param, expected });
    }
    if (!isObject(schema)) return { type: 'STRING' };
    if (typeof schema.$ref === 'string') return this.#follow(schema, schema.$ref, open);
    if (Array.isArray(schema.allOf)) return this.#all(schema, schema.allOf, open);
    const choices = Array.isArray(schema.anyOf) ? schema.anyOf : schema.oneOf;
    // Beside properties a choice only says which of them belong together.
    if (Array.isArray(choices) && !isObject(schema.properties)) return this.#choice(schema, choices, open);
    const types = Array.isArray(schema.type) ? schema.type : [schema.type];
    const some = types.filter((type) => type !== 'null');
    if (some.length > 1) {
      const { description: _, ...rest } = schema;
      const each = some.map((type) => ({ ...rest, type }));
      return this.#choice(described(schema), [...each, ...nulls(types)], open);
    }
    return this.#plain(schema, some[0], types.length > some.length, open);
  }

  #follow(schema: Json, reference: string, open: readonly string[]): Json {
    if (open.includes(reference) || open.length >= MAX_REFERENCES) return { type: 'OBJECT', ...described(schema) };
    const { $ref: _, ...beside } = schema;
    return this.write({ ...resolve(this.#root, reference), ...beside }, [...open, reference]);
  }

  /** Properties and what is required add up, of the rest the last wins. */
  #all({ allOf: _, ...own }: Json, parts: readonly unknown[], open: readonly string[]): Json {
    const followed: string[] = [];
    const sum: Record<string, unknown> = {};
    for (const part of [...parts, own].filter(isObject)) {
      const reference = typeof part.$ref === 'string' && part !== own ? part.$ref : undefined;
      if (reference !== undefined && (open.includes(reference) || open.length >= MAX_REFERENCES)) continue;
      if (reference !== undefined) followed.push(reference);
      add(sum, reference === undefined ? part : resolve(this.#root, reference));
    }
    return this.write(sum, [...open, ...followed]);
  }

  #choice(schema: Json, choices: readonly unknown[], open: readonly string[]): Json {
    const some = choices.filter((choice) => !isNull(choice));
    const nullable = some.length < choices.length ? { nullable: true } : {};
    const only = some[0];
    if (some.length === 1 && isObject(only))
      return { ...this.write({ ...only, ...described(schema) }, open), ...nullable };
    return { ...described(schema), anyOf: some.map((choice) => this.write(choice, open)), ...nullable };
  }

  #plain(schema: Json, given: unknown, isNullable: boolean, open: readonly string[]): Json {
    const values = Array.isArray(schema.enum) ? schema.enum : 'const' in schema ? [schema.const] : [];
    const named = String(given).toUpperCase();
    const type = TYPES.has(named) ? named : inferred(schema, values);
    const nullable = isNullable || schema.nullable === true || values.includes(null);
    return {
      type,
      ...Object.fromEntries(KEPT.flatMap((name) => (name in schema ? [[name, schema[name]]] : []))),
      ...(FORMATS.get(type)?.has(schema.format) === true ? { format: schema.format } : {}),
      ...enumerated(schema, type, values),
      ...(nullable ? { nullable: true } : {}),
      ...(type === 'ARRAY' ? { items: this.write(schema.items, open) } : {}),
      ...(type === 'OBJECT' ? this.#properties(schema, open) : {}),
    };
  }

  /** An object without properties must not have an empty list of them, nor require what it does not list. */
  #properties(schema: Json, open: readonly string[]): Json {
    const given = isObject(schema.properties) ? Object.entries(schema.properties) : [];
    if (given.length === 0) return {};
    const required = Array.isArray(schema.required) ? schema.required : [];
    const known = new Set(given.map(([name]) => name));
    const kept = required.filter((name) => known.has(name));
    return {
      properties: Object.fromEntries(given.map(([name, property]) => [name, this.write(property, open)])),
      ...(kept.length === 0 ? {} : { required: kept }),
    };
  }
}

const isNull = (schema: unknown): boolean => isObject(schema) && schema.type === 'null';

const nulls = (types: readonly unknown[]): Json[] => (types.includes('null') ? [{ type: 'null' }] : []);

const described = (schema: Json): Json =>
  typeof schema.description === 'string' ? { description: schema.description } : {};

const add = (sum: Record<string, unknown>, part: Json): void => {
  const known = isObject(sum.properties) ? sum.properties : undefined;
  const required = [sum.required, part.required].filter(Array.isArray).flat();
  Object.assign(sum, part);
  if (known !== undefined) sum.properties = { ...known, ...(isObject(part.properties) ? part.properties : {}) };
  if (required.length > 0) sum.required = [...new Set(required)];
};

const TYPES: ReadonlySet<string> = new Set(['STRING', 'NUMBER', 'INTEGER', 'BOOLEAN', 'ARRAY', 'OBJECT']);

/** The API wants a type everywhere. */
const inferred = (schema: Json, values: readonly unknown[]): string => {
  if (isObject(schema.properties) || isObject(schema.additionalProperties)) return 'OBJECT';
  if (schema.items !== undefined) return 'ARRAY';
  const value = values.find((one) => one !== null);
  if (typeof value === 'number') return Number.isInteger(value) ? 'INTEGER' : 'NUMBER';
  return typeof value === 'boolean' ? 'BOOLEAN' : 'STRING';
};

/** Only strings can be listed: of other values the description has to tell. */
const enumerated = (schema: Json, type: string, values: readonly unknown[]): Json => {
  const some = values.filter((value) => value !== null);
  if (some.length === 0) return {};
  if (type === 'STRING' && some.every((value) => typeof value === 'string')) return { enum: some };
  const told = typeof schema.description === 'string' ? `${schema.description} ` : '';
  return { description: `${told}One of: ${some.map((value) => JSON.stringify(value)).join(', ')}.` };
};

/** `#/$defs/Address`, by own members only. Errors: none; what is not there is any value. */
const resolve = (root: Json, reference: string): Json => {
  if (!reference.startsWith('#')) return {};
  let at: unknown = root;
  for (const step of reference.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }
  return isObject(at) ? at : {};
};
