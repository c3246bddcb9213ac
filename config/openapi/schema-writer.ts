import { type Direction, hiddenProperties, NOTHING } from './hidden-properties.ts';
import { isObject, type Json, listOr } from './json.ts';
import type { OpenApiDocument } from './read-document.ts';
import { follow, segmentsOf } from './references.ts';
import { shapeOf } from './shape.ts';
import { cleanText } from './text.ts';
import { asNullable, inTwentyTwenty } from './twenty-twenty.ts';

/** How much of a schema is kept: less where it would not fit (O12). */
export interface SchemaDetail {
  /** Whether what references lead to keeps its descriptions, titles and examples. */
  readonly texts: boolean;
  /** How many references may stand one behind another; what is behind them is any value of the right type. */
  readonly references: number;
}

export interface SchemaOptions {
  /** A request leaves out what is `readOnly`, an answer what is `writeOnly` (O4). */
  readonly direction: Direction;
  readonly detail: SchemaDetail;
  /** Write references out, this many one inside another, for clients that can't read `$defs` (O5). */
  readonly inlineDepth?: number | undefined;
}

export interface SchemaWriter {
  /** JSON Schema 2020-12 of a schema of the document that stands at `at`. */
  write(schema: unknown, at: string): Json;
  /** What the written schemas refer to. Asked for last. */
  definitions(): Json;
}

/** O12. */
const MAX_DEPTH = 32;
/** Writing out grows with every level by as much as there are references in one schema. */
const MAX_INLINE = 5;

const PLAIN = new Set([
  'type',
  'enum',
  'const',
  'multipleOf',
  'maximum',
  'minimum',
  'exclusiveMaximum',
  'exclusiveMinimum',
  'maxLength',
  'minLength',
  'pattern',
  'maxItems',
  'minItems',
  'uniqueItems',
  'maxContains',
  'minContains',
  'maxProperties',
  'minProperties',
  'dependentRequired',
  'default',
  'deprecated',
  'format',
  'contentEncoding',
  'contentMediaType',
]);
const SCHEMAS = new Set([
  'items',
  'additionalProperties',
  'not',
  'contains',
  'propertyNames',
  'if',
  'then',
  'else',
  'unevaluatedItems',
  'unevaluatedProperties',
]);
const CLOSING = new Set(['additionalProperties', 'unevaluatedProperties']);
const LISTS = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
const MAPS = new Set(['properties', 'patternProperties', 'dependentSchemas']);

interface Place {
  readonly at: string;
  readonly depth: number;
  /** References passed on the way here. */
  readonly level: number;
  readonly texts: boolean;
  /** Properties that a composition around this schema leaves out. */
  readonly hidden: ReadonlySet<string>;
}

/**
 * Turns schemas of a document into JSON Schema 2020-12 for a tool. References stay references, into `$defs` of the tool: a
 * schema that contains itself is one definition, and one used ten times is written once (O5). Keywords that nobody here
 * knows, `x-` among them, are left out: they would reach the model unread.
 */
export const createSchemaWriter = (document: OpenApiDocument, options: SchemaOptions): SchemaWriter => {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  const queue: { readonly pointer: string; readonly value: unknown; readonly level: number }[] = [];

  const write = (schema: unknown, place: Place): Json => {
    if (schema === false) return { not: {} };
    if (!isObject(schema) || place.depth > MAX_DEPTH) return {};
    if (typeof schema.$ref === 'string') return writeReference(schema, place);
    return document.dialect === '3.0' ? asNullable(schema, writeKeywords(schema, place)) : writeKeywords(schema, place);
  };

  const writeReference = (schema: Json, place: Place): Json => {
    const { value, pointer } = follow(document, schema, place.at);
    // In 3.0 nothing beside a reference counts; documents rely on these two all the same.
    const beside = document.dialect === '3.1' ? { ...schema, $ref: undefined } : { description: schema.description };
    const own = writeKeywords(beside, place);
    const nullable = document.dialect === '3.0' && schema.nullable === true;
    const written = reference(value, pointer, place);
    const whole = { ...written, ...own };
    return nullable ? { anyOf: [whole, { type: 'null' }] } : whole;
  };

  const reference = (value: unknown, pointer: string, place: Place): Json => {
    const level = place.level + 1;
    if (options.inlineDepth !== undefined) {
      if (level > Math.min(options.inlineDepth, MAX_INLINE, options.detail.references))
        return anyOfItsKind(value, pointer);
      return write(value, { ...place, at: pointer, depth: place.depth + 1, level, texts: options.detail.texts });
    }
    const known = names.get(pointer);
    if (known !== undefined) return { $ref: `#/$defs/${known}` };
    if (level > options.detail.references) return anyOfItsKind(value, pointer);
    const name = freeName(pointer, taken);
    taken.add(name);
    names.set(pointer, name);
    queue.push({ pointer, value, level });
    return { $ref: `#/$defs/${name}` };
  };

  const anyOfItsKind = (value: unknown, pointer: string): Json => {
    const shape = shapeOf(document, value, pointer);
    return shape === 'array' || shape === 'object' ? { type: shape } : {};
  };

  const writeKeywords = (schema: Json, place: Place): Json => {
    const hidden = new Set([...place.hidden, ...hiddenProperties(document, schema, place.at, options.direction)]);
    const inner = (key: string | number, within: Place = place): Place => ({
      ...within,
      at: `${place.at}/${key}`,
      depth: place.depth + 1,
      hidden: NOTHING,
    });
    const written: [string, unknown][] = [];
    for (const [key, value] of Object.entries(schema)) {
      if (value === undefined) continue;
      if (PLAIN.has(key)) written.push([key, value]);
      else if (key === 'title' || key === 'description') {
        if (place.texts && typeof value === 'string') written.push([key, cleanText(value)]);
      } else if (key === 'examples' || key === 'example') {
        if (place.texts && !('example' in schema && key === 'examples'))
          written.push(['examples', key === 'example' ? [value] : listOr(value)]);
      } else if (key === 'required') {
        const left = listOr(value).filter((name) => typeof name === 'string' && !hidden.has(name));
        if (left.length > 0) written.push([key, left]);
      } else if (key === 'items' && Array.isArray(value)) {
        written.push(['prefixItems', value.map((item, index) => write(item, inner(`items/${index}`)))]);
      } else if (CLOSING.has(key) && value === false && options.direction === 'response') {
        // APIs add members without telling: an answer may always hold more than the document knows.
      } else if (SCHEMAS.has(key)) {
        written.push([key, typeof value === 'boolean' ? value : write(value, inner(key))]);
      } else if (LISTS.has(key) && Array.isArray(value)) {
        const within = (index: number): Place => ({
          ...inner(`${key}/${index}`),
          hidden: key === 'allOf' ? hidden : NOTHING,
        });
        if (value.length > 0) written.push([key, value.map((item, index) => write(item, within(index)))]);
      } else if (MAPS.has(key) && isObject(value)) {
        const shown = Object.entries(value).filter(([name]) => key !== 'properties' || !hidden.has(name));
        written.push([
          key,
          Object.fromEntries(shown.map(([name, item]) => [name, write(item, inner(`${key}/${name}`))])),
        ]);
      }
    }
    return inTwentyTwenty(Object.fromEntries(written), document.dialect);
  };

  const START: Omit<Place, 'at'> = { depth: 0, level: 0, texts: true, hidden: NOTHING };
  return {
    write: (schema, at) => write(schema, { ...START, at }),
    definitions: () => {
      const written: [string, Json][] = [];
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { pointer, value, level } = next;
        const place = { ...START, at: pointer, level, texts: options.detail.texts };
        written.push([names.get(pointer) ?? '', write(value, place)]);
      }
      return Object.fromEntries(written);
    },
  };
};

const freeName = (pointer: string, taken: ReadonlySet<string>): string => {
  const last = segmentsOf(pointer).at(-1) ?? '';
  const plain = last.replace(/[^A-Za-z0-9._-]+/g, '_').slice(0, 64) || 'schema';
  for (let count = 1; ; count++) {
    const name = count === 1 ? plain : `${plain}_${count}`;
    if (!taken.has(name)) return name;
  }
};
