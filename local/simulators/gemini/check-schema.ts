import { type Fields, fieldsOf, isSent, listOf, stringOf } from '../json.ts';
import { badArgument, unknownName } from './reject-gemini.ts';

/** The subset of OpenAPI 3.0 that `parameters` and `responseSchema` take. Source: Gemini API reference, "Schema". */
const KNOWN = [
  ...[
    'type',
    'format',
    'title',
    'description',
    'nullable',
    'enum',
    'items',
    'minItems',
    'maxItems',
    'properties',
    'required',
  ],
  ...[
    'minProperties',
    'maxProperties',
    'minLength',
    'maxLength',
    'pattern',
    'example',
    'anyOf',
    'propertyOrdering',
    'default',
  ],
  ...['minimum', 'maximum'],
];
const TYPES = ['STRING', 'NUMBER', 'INTEGER', 'BOOLEAN', 'ARRAY', 'OBJECT', 'NULL'];

const checkOne = (at: Fields, path: string): void => {
  const unknown = Object.keys(at).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw unknownName(unknown, path);
  if (isSent(at.type) && !TYPES.includes(stringOf(at.type).toUpperCase())) {
    throw badArgument(`Invalid value at '${path}.type' (type.googleapis.com/google.ai.generativelanguage.v1beta.Type)`);
  }
  const type = stringOf(at.type).toUpperCase();
  const names = Object.keys(fieldsOf(at.properties));
  if (type === 'OBJECT' && isSent(at.properties) && names.length === 0) {
    throw badArgument(`* GenerateContentRequest.${path}.properties: should be non-empty for OBJECT type`);
  }
  const stranger = listOf(at.required).find((name) => !names.includes(stringOf(name)));
  if (stranger !== undefined)
    throw badArgument(`* GenerateContentRequest.${path}.required: property is not defined: ${stringOf(stranger)}`);
  if (type === 'ARRAY' && !isSent(at.items))
    throw badArgument(`* GenerateContentRequest.${path}.items: missing field.`);
  if (listOf(at.enum).some((value) => typeof value !== 'string'))
    throw badArgument(`Invalid value at '${path}.enum' (TYPE_STRING)`);
};

/** Refuses a JSON schema that is more than the subset. Errors: `Rejection`. */
export const checkSchema = (schema: unknown, path: string): void => {
  const at = fieldsOf(schema);
  checkOne(at, path);
  for (const [name, property] of Object.entries(fieldsOf(at.properties)))
    checkSchema(property, `${path}.properties.${name}`);
  if (isSent(at.items)) checkSchema(at.items, `${path}.items`);
  for (const [index, choice] of listOf(at.anyOf).entries()) checkSchema(choice, `${path}.any_of[${index}]`);
};
