import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readJson } from '../../../lambda/targets/read-json.ts';

describe('JSON of upstreams', () => {
  test('is what JSON.parse makes of it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(readJson(text))).toBe(text);
      }),
    );
  });

  test.each(['9007199254740993', '-9007199254740993', '0.12345678901234567891', '1e400', '12345678901234567890.5'])(
    'G19: %s is written again with every digit',
    (number) => {
      expect(JSON.stringify(readJson(`{"a":[${number}]}`))).toBe(`{"a":[${number}]}`);
    },
  );

  test('numbers that a double holds stay numbers', () => {
    expect(readJson('{"a":1.50,"b":1e3,"c":"12345678901234567890","d":9007199254740991,"e":0.1}')).toEqual({
      a: 1.5,
      b: 1000,
      c: '12345678901234567890',
      d: 9007199254740991,
      e: 0.1,
    });
  });

  test('a member called __proto__ is a member', () => {
    const read = readJson('{"__proto__":{"admin":true},"n":12345678901234567890}') as { admin?: unknown };
    expect(read.admin).toBeUndefined();
    expect(JSON.stringify(read)).toBe('{"__proto__":{"admin":true},"n":12345678901234567890}');
  });

  test('128 levels are the most, and brackets in texts are none', () => {
    expect(() => readJson(`${'['.repeat(128)}${']'.repeat(128)}`)).not.toThrow();
    expect(() => readJson(`${'['.repeat(129)}${']'.repeat(129)}`)).toThrow('too deep');
    expect(() => readJson(JSON.stringify({ text: `${'['.repeat(500)}"\\` }))).not.toThrow();
    expect(() => readJson('['.repeat(1_000_000))).toThrow('too deep');
  });

  test.each(['', '{', '{"a":1}x', '"', '"\\', 'NaN'])('%p is not JSON', (text) => {
    expect(() => readJson(text)).toThrow('not JSON');
  });
});
