import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../config/canonical-json.ts';
import { parseExactJson } from '../../config/exact-json.ts';
import { hashDefinition } from '../../config/hash-definition.ts';

describe('T1: the canonical text of a JSON value', () => {
  test('orders members by UTF-16 units, as RFC 8785 §3.2.3 shows', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 };
    expect(Object.values(JSON.parse(canonicalJson(value)))).toHaveLength(7);
    expect(canonicalJson(value)).toBe('{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}');
  });

  test('writes numbers and strings as RFC 8785 §3.2.2 shows', () => {
    expect(
      canonicalJson({ numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27], literals: [null, true, false] }),
    ).toBe('{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}');
    expect(canonicalJson('\u20ac$\u000f\nA\'B"\\\\"/')).toBe('"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"');
  });

  test('is the same whatever the order of members, and another for every other change', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const isSame = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
        expect(canonicalJson(one) === canonicalJson(other)).toBe(isSame);
        expect(canonicalJson(reversed(one))).toBe(canonicalJson(one));
      }),
    );
  });

  test('keeps digits that a double can not hold, so that a change in them shows', () => {
    const [a, b] = ['9007199254740993', '9007199254740992'].map((max) => parseExactJson(`{"maximum":${max}}`));
    expect(canonicalJson(a)).not.toBe(canonicalJson(b));
    expect(canonicalJson(a)).toBe('{"maximum":9007199254740993}');
  });

  test('tells lone surrogates apart instead of failing on them', () => {
    expect(canonicalJson('\ud800')).not.toBe(canonicalJson('\ud801'));
  });
});

test('T1: the hash is SHA-256 of that text in hex, so that other tools can check it', () => {
  expect(hashDefinition({ name: 'a' })).toBe('d9d719b27480b55cd4918020e7473e716ed3569c8adafe926cf9b10b4f8ef064');
  expect(hashDefinition({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
});

const sorted = (value: unknown): unknown =>
  mapMembers(value, (members) => members.sort(([a], [b]) => (a < b ? -1 : 1)));
const reversed = (value: unknown): unknown => mapMembers(value, (members) => members.reverse());

const mapMembers = (value: unknown, order: (members: [string, unknown][]) => [string, unknown][]): unknown => {
  if (Array.isArray(value)) return value.map((item) => mapMembers(item, order));
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  return Object.fromEntries(order(Object.entries(value).map(([name, member]) => [name, mapMembers(member, order)])));
};
