import { type Fields, fieldsOf, isObject, listOf, stringOf } from './json.ts';

const EXAMPLES = new Map([
  ['date-time', '2026-01-01T00:00:00Z'],
  ['date', '2026-01-01'],
  ['time', '00:00:00Z'],
  ['email', 'someone@example.com'],
  ['uri', 'https://example.com/'],
  ['uuid', '00000000-0000-4000-8000-000000000000'],
]);

/** Deep enough for any schema that is not a loop. */
const DEEPEST = 16;

const resolve = (schema: Fields, root: Fields): Fields => {
  const reference = stringOf(schema.$ref);
  if (!reference.startsWith('#')) return schema;
  const steps = reference.split('/').slice(1);
  return steps.reduce<Fields>((at, step) => fieldsOf(at[step.replaceAll('~1', '/').replaceAll('~0', '~')]), root);
};

const typeOf = (schema: Fields): string => {
  const named = Array.isArray(schema.type) ? schema.type.find((type) => type !== 'null') : schema.type;
  if (typeof named === 'string') return named.toLowerCase();
  return schema.properties === undefined ? (schema.items === undefined ? 'string' : 'array') : 'object';
};

const numberIn = (schema: Fields): number => {
  if (typeof schema.exclusiveMinimum === 'number') return schema.exclusiveMinimum + 1;
  if (typeof schema.minimum === 'number') return schema.minimum;
  return typeof schema.maximum === 'number' ? Math.min(1, schema.maximum) : 1;
};

const stringIn = (schema: Fields): string => {
  const example = EXAMPLES.get(stringOf(schema.format)) ?? 'text';
  const atLeast = typeof schema.minLength === 'number' ? example.padEnd(schema.minLength, 'x') : example;
  return typeof schema.maxLength === 'number' ? atLeast.slice(0, schema.maxLength) : atLeast;
};

/** The smallest value that fits a JSON schema (or Gemini's OpenAPI subset): required properties only, first of the choices. */
export const minimalValue = (schema: unknown, root: Fields = fieldsOf(schema), depth = 0): unknown => {
  if (!isObject(schema) || depth > DEEPEST) return {};
  const at = resolve(schema, root);
  if (at !== schema) return minimalValue(at, root, depth + 1);
  if (at.const !== undefined) return at.const;
  if (Array.isArray(at.enum)) return at.enum[0];
  const choices = [...listOf(at.anyOf), ...listOf(at.oneOf)].filter((choice) => fieldsOf(choice).type !== 'null');
  if (choices.length > 0) return minimalValue(choices[0], root, depth + 1);
  const parts = listOf(at.allOf);
  if (parts.length > 0) return Object.assign({}, ...parts.map((part) => minimalValue(part, root, depth + 1)));
  switch (typeOf(at)) {
    case 'object': {
      const properties = fieldsOf(at.properties);
      const names = listOf(at.required).map(stringOf);
      return Object.fromEntries(names.map((name) => [name, minimalValue(properties[name] ?? {}, root, depth + 1)]));
    }
    case 'array':
      return Array.from({ length: Number(at.minItems ?? 0) }, () => minimalValue(at.items ?? {}, root, depth + 1));
    case 'number':
    case 'integer':
      return numberIn(at);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return stringIn(at);
  }
};
