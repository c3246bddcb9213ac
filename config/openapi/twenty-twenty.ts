import type { Json } from './json.ts';
import type { OpenApiDocument } from './read-document.ts';

/** O6: what 3.0 and Swagger say in other words. Binary is base64 in JSON, in every version. */
export const inTwentyTwenty = (schema: Json, dialect: OpenApiDocument['dialect']): Json => {
  let written = schema;
  if (written.format === 'binary' || written.format === 'byte' || written.type === 'file') {
    const { format: _, ...rest } = written;
    written = { ...rest, type: rest.type === 'file' ? 'string' : rest.type, contentEncoding: 'base64' };
  }
  if (dialect === '3.1') return written;
  for (const [exclusive, limit] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (typeof written[exclusive] !== 'boolean') continue;
    const { [exclusive]: isExclusive, [limit]: bound, ...rest } = written;
    if (typeof bound !== 'number') written = rest;
    else written = { ...rest, [isExclusive === true ? exclusive : limit]: bound };
  }
  return written.type === 'array' && written.items === undefined && written.prefixItems === undefined
    ? { ...written, items: {} }
    : written;
};

/** `nullable` of 3.0 as a type, or as a choice where there is no type. */
export const asNullable = (schema: Json, written: Json): Json => {
  if (schema.nullable !== true) return written;
  if (typeof written.type === 'string') {
    const choices =
      Array.isArray(written.enum) && !written.enum.includes(null) ? { enum: [...written.enum, null] } : {};
    return { ...written, type: [written.type, 'null'], ...choices };
  }
  const { description, title, default: fallback, ...rest } = written;
  if (!('allOf' in rest || 'anyOf' in rest || 'oneOf' in rest)) return written; // 3.0.3: it counts beside a type only
  const shown = Object.entries({ title, description, default: fallback }).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(shown), anyOf: [rest, { type: 'null' }] };
};
