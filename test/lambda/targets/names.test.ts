import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { exposedName, targetIn } from '../../../lambda/targets/names.ts';

const SAFE = /^[A-Za-z0-9_-]{1,64}$/;

const someTarget = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/);
const someName = fc.oneof(
  fc.string({ minLength: 1, maxLength: 100, unit: 'grapheme' }),
  fc.stringMatching(/^[a-z_.]{1,80}$/),
);

describe('names', () => {
  test('G1: a server is split off at the first separator, whatever the tool is called', () => {
    expect(exposedName('github', 'get__all__issues', 'always')).toBe('github__get__all__issues');
    expect(targetIn('github__get__all__issues')).toBe('github');
    expect(targetIn('no_prefix')).toBeUndefined();
  });

  test('G2: every name is one that all clients take', () => {
    fc.assert(
      fc.property(
        someTarget,
        someName,
        fc.constantFrom('always' as const, 'never' as const),
        (target, name, prefix) => {
          expect(exposedName(target, name, prefix)).toMatch(SAFE);
        },
      ),
    );
  });

  test('G2: a name that is too long keeps its beginning and ends with a hash of the whole of it', () => {
    const long = exposedName('s', `${'a'.repeat(80)}1`, 'always');
    expect(long).toMatch(/^s__a{52}_[0-9a-f]{8}$/);
    expect(exposedName('s', `${'a'.repeat(80)}2`, 'always')).not.toBe(long);
  });

  test('G3: two names of one server that would look alike do not', () => {
    const names = ['get.user', 'get_user', 'get user', 'get/user', 'get\u{1F600}user'];
    expect(new Set(names.map((name) => exposedName('s', name, 'always'))).size).toBe(names.length);
    expect(exposedName('s', 'get_user', 'always')).toBe('s__get_user');
  });

  test('G3: what a tool is called does not depend on what else there is', () => {
    expect(exposedName('s', 'get.user', 'always')).toBe(exposedName('s', 'get.user', 'always'));
    expect(exposedName('s', 'get.user', 'always')).toMatch(/^s__get_user_[0-9a-f]{8}$/);
  });

  test('G5: without a prefix a name that fits is left alone', () => {
    expect(exposedName('s', 'test_simple_text', 'never')).toBe('test_simple_text');
  });

  test('the names of two servers never meet under a prefix', () => {
    fc.assert(
      fc.property(someTarget, someName, someTarget, someName, (one, a, other, b) => {
        fc.pre(one !== other);
        expect(exposedName(one, a, 'always')).not.toBe(exposedName(other, b, 'always'));
      }),
    );
  });
});
