import { expect, test } from '@jest/globals';
import { minimalValue } from '../../../local/simulators/minimal-value.ts';

test.each([
  [
    'required properties only',
    { type: 'object', properties: { a: { type: 'string' }, b: {} }, required: ['a'] },
    { a: 'text' },
  ],
  ['the first of an enum', { enum: ['red', 'blue'] }, 'red'],
  ['a constant', { const: 7 }, 7],
  ['the lower bound', { type: 'integer', minimum: 18 }, 18],
  ['an array of the least length', { type: 'array', items: { type: 'boolean' }, minItems: 2 }, [true, true]],
  ['what is not null', { type: ['null', 'number'] }, 1],
  ['the first real choice', { anyOf: [{ type: 'null' }, { type: 'string', format: 'email' }] }, 'someone@example.com'],
  ['a reference', { $ref: '#/$defs/a', $defs: { a: { type: 'integer' } } }, 1],
  [
    'the names that Gemini gives types',
    { type: 'OBJECT', properties: { a: { type: 'STRING' } }, required: ['a'] },
    { a: 'text' },
  ],
  ['a length', { type: 'string', minLength: 6 }, 'textxx'],
])('fits %s', (_what, schema, value) => {
  expect(minimalValue(schema)).toEqual(value);
});

test('ends in a schema that contains itself', () => {
  const loop = {
    $ref: '#/$defs/n',
    $defs: { n: { type: 'object', properties: { n: { $ref: '#/$defs/n' } }, required: ['n'] } },
  };
  expect(minimalValue(loop)).toBeInstanceOf(Object);
});
