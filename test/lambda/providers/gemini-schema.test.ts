import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { toOpenApiSchema } from '../../../lambda/providers/gemini-schema.ts';
import { checkSchema } from '../../../local/simulators/gemini/check-schema.ts';

const written = (schema: object) => toOpenApiSchema(schema as Record<string, unknown>, 'tools');

describe('R19: a schema for older models', () => {
  test.each([
    ['what the API does not know', { $schema: 'x', type: 'string', default: 'a', examples: ['a'] }, { type: 'STRING' }],
    ['formats it does not know', { type: 'string', format: 'email' }, { type: 'STRING' }],
    ['all formats but its own', { type: 'string', format: 'date-time' }, { type: 'STRING', format: 'date-time' }],
  ])('has no longer %s', (_what, schema, expected) => {
    expect(written(schema)).toEqual(expected);
  });

  test.each([
    [{ type: ['string', 'null'] }],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }],
    [{ oneOf: [{ type: 'null' }, { type: 'string' }] }],
  ])('says nullable for %j', (schema) => {
    expect(written(schema)).toEqual({ type: 'STRING', nullable: true });
  });

  test('keeps a real choice', () => {
    expect(written({ type: ['string', 'integer', 'null'], description: 'd' })).toEqual({
      description: 'd',
      anyOf: [{ type: 'STRING' }, { type: 'INTEGER' }],
      nullable: true,
    });
  });

  test('keeps the properties of an object that has a choice beside them', () => {
    const properties = { a: { type: 'string' }, b: { type: 'string' } };
    expect(written({ type: 'object', properties, anyOf: [{ required: ['a'] }, { required: ['b'] }] })).toEqual({
      type: 'OBJECT',
      properties: { a: { type: 'STRING' }, b: { type: 'STRING' } },
    });
  });

  test('has references written out, with what stands beside them', () => {
    const schema = {
      type: 'object',
      properties: { home: { $ref: '#/$defs/Address', description: 'where' } },
      $defs: { Address: { type: 'object', properties: { 'street/no': { type: 'string' } }, required: ['street/no'] } },
    };
    expect(written(schema).properties).toEqual({
      home: {
        type: 'OBJECT',
        description: 'where',
        properties: { 'street/no': { type: 'STRING' } },
        required: ['street/no'],
      },
    });
  });

  test('ends a circle at an object', () => {
    const Node = { type: 'object', properties: { next: { $ref: '#/$defs/Node' } } };
    expect(written({ $ref: '#/$defs/Node', $defs: { Node } })).toEqual({
      type: 'OBJECT',
      properties: { next: { type: 'OBJECT' } },
    });
    expect(written({ allOf: [{ $ref: '#' }] })).toMatchObject({ type: expect.any(String) });
  });

  test('adds up the parts of allOf', () => {
    const $defs = { Named: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } };
    const schema = {
      $defs,
      allOf: [{ $ref: '#/$defs/Named' }, { properties: { age: { type: 'integer' } }, required: ['age'] }],
    };
    expect(written(schema)).toEqual({
      type: 'OBJECT',
      properties: { name: { type: 'STRING' }, age: { type: 'INTEGER' } },
      required: ['name', 'age'],
    });
  });

  test('lists strings, and tells of other values in the description', () => {
    expect(written({ enum: ['a', 'b', null] })).toEqual({ type: 'STRING', enum: ['a', 'b'], nullable: true });
    expect(written({ const: 'a' })).toEqual({ type: 'STRING', enum: ['a'] });
    expect(written({ type: 'integer', enum: [1, 2], description: 'How many.' })).toEqual({
      type: 'INTEGER',
      description: 'How many. One of: 1, 2.',
    });
  });

  test('requires only what it lists, and has items in every array', () => {
    expect(written({ type: 'object', properties: {}, required: ['a'] })).toEqual({ type: 'OBJECT' });
    expect(written({ type: 'array' })).toEqual({ type: 'ARRAY', items: { type: 'STRING' } });
  });

  test('is refused where references would grow without end', () => {
    const level = (next: number) => ({
      type: 'object',
      properties: { a: { $ref: `#/$defs/${next}` }, b: { $ref: `#/$defs/${next}` } },
    });
    const $defs = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [index, level(index + 1)]));
    expect(() => written({ $ref: '#/$defs/0', $defs })).toThrow(Refusal);
  });

  test('survives a chain of references longer than any stack', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, index) => [index, { $ref: `#/$defs/${index + 1}` }]),
    );
    expect(written({ $ref: '#/$defs/0', $defs })).toEqual({ type: 'OBJECT' });
  });

  test('is always one that the API takes', () => {
    const { schema } = fc.letrec<{ schema: object }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 4 },
        fc.record({
          type: fc.constantFrom('string', 'integer', 'null', 'boolean', 'any'),
          format: fc.constantFrom('uri', 'int32'),
        }),
        fc.record({ enum: fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { minLength: 1 }) }),
        fc.record({ type: fc.constant('array'), items: tie('schema') }, { requiredKeys: ['type'] }),
        fc.record({
          type: fc.constant(['object', 'null']),
          properties: fc.dictionary(fc.string(), tie('schema')),
          required: fc.array(fc.string()),
        }),
        fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1 }) }),
        fc.record({ allOf: fc.array(tie('schema'), { minLength: 1 }) }),
        fc.constant({ $ref: '#' }),
        fc.constant({}),
      ),
    }));
    fc.assert(
      fc.property(schema, (one) => checkSchema(written(one), 'schema')),
      { numRuns: 300 },
    );
  });
});
