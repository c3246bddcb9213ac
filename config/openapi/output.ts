import { isObject, type Json, objectOr } from './json.ts';
import { isJson } from './media-types.ts';
import type { OpenApiDocument } from './read-document.ts';
import { encodeSegment, follow } from './references.ts';
import { createSchemaWriter, type SchemaOptions } from './schema-writer.ts';
import { shapeOf, typesOf } from './shape.ts';

export interface Output {
  readonly schema?: Json;
  readonly wrapped: boolean;
}

const NONE: Output = { wrapped: false };

/**
 * What a tool promises to answer (O11). Nothing where the document leaves room: clients refuse an answer that is not as
 * promised, and an API that answers 204 now and then, or with another type, would look broken.
 */
export const readOutput = (
  document: OpenApiDocument,
  operation: Json,
  operationAt: string,
  options: Omit<SchemaOptions, 'direction'>,
): Output => {
  const good = Object.entries(objectOr(operation.responses)).filter(([status]) => /^2(\d\d|XX)$/i.test(status));
  const [only, ...others] = good;
  if (only === undefined || others.length > 0) return NONE;
  const { value, pointer } = follow(document, only[1], `${operationAt}/responses/${only[0]}`);
  const content = Object.entries(objectOr(objectOr(value).content));
  const json = content.find(([type]) => isJson(type));
  if (json === undefined || content.some(([type]) => !isJson(type) && !/\/xml|\+xml/.test(type))) return NONE;
  const schema = objectOr(json[1]).schema;
  const at = `${pointer}/content/${encodeSegment(json[0])}/schema`;
  if (!saysEnough(document, schema, at)) return NONE;
  return write(document, schema, at, options);
};

/** An object of which members are known, or a list or a scalar of a known kind. */
const saysEnough = (document: OpenApiDocument, schema: unknown, at: string): boolean => {
  if (schema === undefined) return false;
  const shape = shapeOf(document, schema, at);
  if (shape !== 'object') return shape !== undefined;
  return hasProperties(document, schema, at, new Set());
};

const hasProperties = (document: OpenApiDocument, schema: unknown, at: string, seen: Set<string>): boolean => {
  const { value, pointer } = follow(document, schema, at);
  if (!isObject(value) || seen.has(pointer)) return false;
  seen.add(pointer);
  if (Object.keys(objectOr(value.properties)).length > 0) return true;
  return (
    Array.isArray(value.allOf) &&
    value.allOf.some((branch, index) => hasProperties(document, branch, `${pointer}/allOf/${index}`, seen))
  );
};

const write = (
  document: OpenApiDocument,
  schema: unknown,
  at: string,
  options: Omit<SchemaOptions, 'direction'>,
): Output => {
  const writer = createSchemaWriter(document, { ...options, direction: 'response' });
  const { value, pointer } = follow(document, schema, at);
  const isPlainObject =
    shapeOf(document, schema, at) === 'object' &&
    objectOr(value).nullable !== true &&
    !typesOf(objectOr(value)).includes('null') &&
    objectOr(schema).nullable !== true;
  // MCP wants an object at the top, not a reference to one: the first step is written out.
  const written = isPlainObject
    ? { ...writer.write(value, pointer), type: 'object' }
    : { type: 'object', properties: { result: writer.write(schema, at) }, required: ['result'] };
  const definitions = writer.definitions();
  const whole = { ...written, ...(Object.keys(definitions).length === 0 ? {} : { $defs: definitions }) };
  return { schema: whole, wrapped: !isPlainObject };
};
