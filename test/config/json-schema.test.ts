import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { gatewayJsonSchema } from '../../config/json-schema.ts';

test('config/schema.json is that of config/schema.ts: if not, npm run schema', () => {
  expect(readFileSync(new URL('../../config/schema.json', import.meta.url), 'utf8')).toBe(gatewayJsonSchema());
});

test('it refuses unknown keys and explains the known ones', () => {
  const schema = JSON.parse(gatewayJsonSchema());
  expect(schema.additionalProperties).toBe(false);
  expect(schema.required).toEqual(['name']);
  expect(schema.properties.llm.properties.routes.additionalProperties.properties.fallbacks.description).toContain(
    'Tried in order',
  );
});
