import { isRaw } from '../../targets/raw.ts';

/** Of texts, which are compared at the speed of memory. */
export const CHARS_PER_STEP = 64;

/**
 * Whether two values of JSON are one (JSON Schema core, §4.2.2): the order of members does not count.
 *
 * Shape:  `spend` is told what a comparison costs.
 */
export const areEqual = (one: unknown, other: unknown, spend: (steps: number) => void): boolean => {
  const areTexts = typeof one === 'string' && typeof other === 'string' && one.length === other.length;
  spend(areTexts ? 1 + one.length / CHARS_PER_STEP : 1);
  if (one === other) return true;
  if (Array.isArray(one))
    return (
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((item, index) => areEqual(item, other[index], spend))
    );
  if (!isRaw(one) || !isRaw(other)) return false;
  const names = Object.keys(one);
  const others = Object.keys(other);
  spend(names.length + others.length);
  return (
    names.length === others.length &&
    names.every((name) => Object.hasOwn(other, name) && areEqual(one[name], other[name], spend))
  );
};
