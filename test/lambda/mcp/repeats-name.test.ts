import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { repeatsName } from '../../../lambda/mcp/protocol/repeats-name.ts';

describe('a member that is there twice', () => {
  test.each([
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '[{"x":{"a":[],"b":{},"a":0}}]',
    '{"":1,"":2}',
    '{"a\\"":1,"a\\"":2}',
  ])('is seen in %s', (json) => expect(repeatsName(json)).toBe(true));

  test.each([
    '{"a":"a","b":"a"}',
    '[{"a":1},{"a":2}]',
    '{"a":{"a":{"a":1}}}',
    '"{\\"a\\":1,\\"a\\":2}"',
    '{"a":["a","a"]}',
  ])('is not seen in %s', (json) => expect(repeatsName(json)).toBe(false));

  test('is never seen in what was written from one value', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => !repeatsName(JSON.stringify(value, null, 1))));
  });

  test('is always seen where a member is written again', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (object) => {
        const [name = ''] = Object.keys(object);
        return repeatsName(`${JSON.stringify(object).slice(0, -1)},${JSON.stringify(name)}:0}`);
      }),
    );
  });
});
