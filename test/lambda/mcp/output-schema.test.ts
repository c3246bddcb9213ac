import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import type { Raw } from '../../../lambda/core/mcp.ts';
import { createSchemaCheck } from '../../../lambda/mcp/output-schema/create-schema-check.ts';
import { readJson } from '../../../lambda/targets/read-json.ts';

const check = (schema: Raw, value: unknown) => createSchemaCheck(schema)(value);

describe('G21: a value against a schema', () => {
  const name = fc.constantFrom('a', 'b', '__proto__');
  const small = fc.integer({ min: -2, max: 3 });
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, true, false, '', 'a', 'é\u{1f600}', 0.5),
      small,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: true }),
    ),
  }));
  const size = fc.integer({ min: 0, max: 3 });
  const types = fc.constantFrom('null', 'boolean', 'object', 'array', 'number', 'string', 'integer');
  const { schema } = fc.letrec<{ schema: Raw }>((tie) => {
    const some = fc.array(tie('schema'), { minLength: 1, maxLength: 3 });
    const byName = fc.dictionary(name, tie('schema'), { maxKeys: 2, noNullPrototype: true });
    return {
      schema: fc.oneof(
        { maxDepth: 3 },
        // All and nothing, which ajv stumbles over where it sees that they are: `true` and `false` are in the tables below.
        fc.constantFrom<Raw>({ const: 'never' }, { not: { const: 'never' } }),
        fc.record(
          {
            type: fc.oneof(types, fc.uniqueArray(types, { minLength: 1, maxLength: 3 })),
            minimum: small,
            exclusiveMaximum: small,
            maxLength: size,
            minItems: size,
            uniqueItems: fc.boolean(),
            maxProperties: size,
            required: fc.uniqueArray(name, { maxLength: 2 }),
          },
          { requiredKeys: [], noNullPrototype: true },
        ),
        fc.record(
          {
            const: value,
            enum: fc.array(value, { minLength: 1, maxLength: 3 }),
            properties: byName,
            additionalProperties: tie('schema'),
            propertyNames: tie('schema'),
            prefixItems: some,
            items: tie('schema'),
          },
          { requiredKeys: [], noNullPrototype: true },
        ),
        // By itself: beside prefixItems, ajv says of an empty list that it contains anything.
        fc.record(
          { contains: tie('schema'), minContains: size, maxContains: size },
          { requiredKeys: [], noNullPrototype: true },
        ),
        fc.record(
          {
            allOf: some,
            anyOf: some,
            oneOf: some,
            not: tie('schema'),
            if: tie('schema'),
            // biome-ignore lint/suspicious/noThenProperty: the name of a keyword
            then: tie('schema'),
            else: tie('schema'),
            dependentSchemas: byName,
            dependentRequired: fc.dictionary(name, fc.uniqueArray(name, { maxLength: 2 }), { noNullPrototype: true }),
            $ref: fc.constantFrom('#/$defs/a', '#/$defs/b~1c'),
          },
          { requiredKeys: [], noNullPrototype: true },
        ),
      ),
    };
  });
  const flat = fc.constantFrom<Raw>({ type: 'object' }, { type: ['string', 'integer'] }, { maxItems: 1 });
  const root = fc
    .tuple(schema, flat, flat)
    .map(([one, a, other]): Raw => ({ allOf: [one], $defs: { a, 'b/c': other } }));

  test('is judged as ajv judges it', () => {
    const options = {
      strict: false,
      unicodeRegExp: false,
      validateSchema: false,
      logger: false,
      ownProperties: true,
    } as const;
    const ajv = new Ajv2020(options);
    fc.assert(
      fc.property(root, value, (given, of) => {
        expect([given, of, check(given, of) === true]).toEqual([given, of, ajv.compile(given as object)(of)]);
      }),
      { numRuns: 200 },
    );
  });

  test.each<[Raw, unknown, string]>([
    [{ type: 'object', properties: { total: { type: 'integer' } } }, { total: 1.5 }, '/properties/total/type'],
    [{ properties: { 'a/b~': { items: { minimum: 3 } } } }, { 'a/b~': [4, 2] }, '/properties/a~1b~0/items/minimum'],
    [{ $ref: '#/$defs/x', $defs: { x: { required: ['id'] } } }, {}, '/$ref/required'],
    [{ oneOf: [true, true] }, 1, '/oneOf'],
    [{ items: [{ type: 'string' }], additionalItems: false }, ['a', 1], '/additionalItems'],
    [{ multipleOf: 0.1 }, 0.35, '/multipleOf'],
    [{ additionalProperties: false }, { x: 1 }, '/additionalProperties'],
    [{ const: { a: [1, { b: 2 }] } }, { a: [1, { b: 3 }] }, '/const'],
  ])('%j of %j fails at %s', (given, of, where) => {
    expect(check(given, of)).toBe(where);
  });

  test.each<[Raw, unknown]>([
    [{ multipleOf: 0.1 }, 0.3],
    [{ minLength: 2, maxLength: 2 }, '\u{1f600}\u{1f600}'],
    [{ format: 'date' }, 'never'],
    [{ type: 'number' }, readJson('12345678901234567890.5')],
    [{ type: 'integer', minimum: 5 }, readJson('12345678901234567890')],
    [readJson('{"maximum":12345678901234567890}') as Raw, 7],
    [
      {
        $schema: 'http://json-schema.org/draft-07/schema#',
        $ref: '#/definitions/a',
        minLength: 9,
        definitions: { a: {} },
      },
      '',
    ],
    [{ patternProperties: {}, additionalProperties: { type: 'null' } }, { a: null }],
  ])('%j takes %j', (given, of) => {
    expect(check(given, of)).toBe(true);
  });
});

describe('G21: what is beyond us is no violation', () => {
  test.each<[string, Raw, unknown]>([
    ['a schema of a megabyte', { type: 'string', description: 'x'.repeat(1_000_000) }, 1],
    ['a pattern', { pattern: '^(a+)+$' }, `${'a'.repeat(40)}!`],
    ['a pattern that is denied', { not: { pattern: '^a$' } }, 'a'],
    ['members by pattern', { patternProperties: { '^x': false }, additionalProperties: false }, { x: 1 }],
    ['what no other keyword saw', { unevaluatedProperties: false }, { x: 1 }],
    ['a reference to elsewhere', { $ref: 'https://example.com/schema' }, {}],
    ['a reference to nothing', { $ref: '#/$defs/nothing' }, {}],
    ['a reference through a prototype', { $ref: '#/constructor' }, {}],
    ['a reference that is no URI', { $ref: '#/%zz' }, {}],
    ['a dynamic reference', { $dynamicRef: '#x' }, {}],
    ['a dialect of its own', { $schema: 'https://example.com/dialect', type: 'string' }, 1],
    ['a base of its own', { properties: { a: { $id: 'x', $ref: '#/$defs/a' } }, $defs: { a: false } }, { a: 1 }],
    ['a type that is none', { type: 'money' }, 1],
    ['keywords that are malformed', { required: 'a', properties: [], maxItems: -1, minimum: '3', enum: {} }, {}],
    ['one that may be', { oneOf: [{ pattern: 'a' }, { type: 'string' }] }, 'a'],
    ['a condition that may hold', { if: { pattern: 'a' }, else: false }, 'a'],
    ['what refers to itself', { $ref: '#' }, {}],
    ['what refers to itself over others', { anyOf: [{ $ref: '#/$defs/a' }], $defs: { a: { not: { $ref: '#' } } } }, 1],
  ])('%s', (_, given, of) => {
    expect(check(given, of)).not.toEqual(expect.any(String));
  });

  test('what would take for ever ends', () => {
    const twice = (next: string): Raw => ({ allOf: [{ $ref: next }, { $ref: next }] });
    const $defs = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [`d${index}`, twice(`#/$defs/d${index + 1}`)]),
    );
    expect(check({ ...twice('#/$defs/d0'), $defs: { ...$defs, d60: {} } }, {})).toBeUndefined();
    let deep: unknown = {};
    for (let depth = 0; depth < 100; depth++) deep = { a: deep };
    expect(check({ properties: { a: twice('#') } }, deep)).toBeUndefined();
    const many = Array.from({ length: 2_000 }, (_, index) => ({ index }));
    expect(check({ uniqueItems: true }, many)).toBeUndefined();
  });

  const members = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`k${index}`, 1]));
  const names = Object.keys(members);
  const items = Array.from({ length: 40_000 }, () => 0);
  test.each<[string, Raw, unknown]>([
    ['members that are compared', { not: { const: {} } }, members],
    ['members of what they are compared with', { not: { const: members } }, {}],
    ['texts of one length', { not: { const: `${'a'.repeat(40_000)}b` } }, `${'a'.repeat(40_000)}c`],
    ['members that are counted', { minProperties: 1 }, members],
    ['names', { not: { propertyNames: false } }, members],
    ['names that are asked for', { required: names }, members],
    ['names that are none', { required: [...names, 1] }, members],
    ['names that others depend on', { dependentRequired: Object.fromEntries(names.map((one) => [one, []])) }, {}],
    ['patterns', { patternProperties: members, additionalProperties: false }, { a: 1 }],
    ['types', { type: Array.from({ length: 4_000 }, () => 'object') }, {}],
    ['first items', { not: { prefixItems: items.map(() => false) } }, items],
    ['items after the first', { not: { prefixItems: [true], items: false } }, items],
  ])('%s are paid for at every turn', (_, a, of) => {
    const turns = Array.from({ length: 1_000 }, () => ({ $ref: '#/$defs/a' }));
    const last = { not: {} };
    expect(check({ allOf: [...turns, last], $defs: { a } }, of)).toBeUndefined();
    expect(check({ allOf: [{ type: ['object', 'array', 'string'] }, last] }, of)).toBe('/allOf/1/not');
  });

  test('of a name no more is said than tells it from others', () => {
    const name = '~'.repeat(10_000);
    expect(check({ properties: { [name]: false } }, { [name]: 1 })).toBe(`/properties/${'~0'.repeat(64)}`);
  });

  test('of a large and honest answer everything is looked at', () => {
    const row = {
      type: 'object',
      properties: { id: { type: 'integer' }, name: { type: 'string' } },
      required: ['id', 'name'],
    };
    const rows = Array.from({ length: 10_000 }, (_, id) => ({ id, name: `row ${id}` }));
    const given = { type: 'object', properties: { rows: { type: 'array', items: row } } };
    expect(check(given, { rows })).toBe(true);
    expect(check(given, { rows: [...rows, { id: 'x', name: 'y' }] })).toBe('/properties/rows/items/properties/id/type');
  });
});
