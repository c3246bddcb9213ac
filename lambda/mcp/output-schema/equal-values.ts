import { isRaw } from '../../targets/raw.ts';

/**
 * Whether two values of JSON are one (JSON Schema core, §4.2.2): the order of members does not count.
 *
 * Shape:  `spend` is told what a comparison costs.
 */
export const areEqual = (one: unknown, other: unknown, spend: (steps: number) => void): boolean => {
  spend(1);
  if (one === other) return true;
  if (Array.isArray(one))
    return (
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((item, index) => areEqual(item, other[index], spend))
    );
  if (!isRaw(one) || !isRaw(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && areEqual(one[name], other[name], spend))
  );
};
