import { fieldsOf, isObject, listOf } from '../json.ts';
import type { SimRequest } from '../simulator.ts';
import { badField } from './reject-openai.ts';

/** What `strict: true` demands of every object in a schema. Source: OpenAI guide, "Structured outputs", supported schemas. */
export const checkStrictSchema = (request: SimRequest, schema: unknown, what: string, param: string): void => {
  const visit = (at: unknown): void => {
    if (!isObject(at)) return;
    const wrong = (rule: string) =>
      badField(request, `Invalid schema for ${what}: ${rule}`, param, 'invalid_json_schema');
    if (at.type === 'object' || at.properties !== undefined) {
      if (at.additionalProperties !== false)
        throw wrong("'additionalProperties' is required to be supplied and to be false.");
      const required = listOf(at.required);
      const missing = Object.keys(fieldsOf(at.properties)).find((name) => !required.includes(name));
      if (missing !== undefined)
        throw wrong(
          `'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`,
        );
    }
    for (const group of [at.properties, at.$defs, at.definitions]) Object.values(fieldsOf(group)).forEach(visit);
    for (const choice of [...listOf(at.anyOf), ...listOf(at.allOf), at.items]) visit(choice);
  };
  visit(schema);
};
