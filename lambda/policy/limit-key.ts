import { createHash } from 'node:crypto';
import type { CelProgram, CelVariables } from '../../config/cel.ts';
import type { Demand } from './limit-counter.ts';

/**
 * Whose counter a call falls under. Values come from callers, so they are hashed: any length, any characters, one short key.
 * The expression is hashed with its value, so that a user called `gpt` and a model called `gpt` are two keys.
 */
export const limitKey = (
  limit: string,
  per: readonly CelProgram[],
  variables: CelVariables,
): Pick<Demand, 'bucket' | 'name'> => {
  const [first = ['', 'everyone'], ...rest] = per.map((program) => [program.source, valueText(program, variables)]);
  return { bucket: sha256(first), name: rest.length === 0 ? limit : `${limit}#${sha256(rest)}` };
};

/**
 * One text for each value, its type included: 1 and "1" are two keys. An expression that fails or finds nothing counts under
 * `unknown`, together with every other caller for which it does: leaving a claim out must not buy a counter of one's own.
 */
const valueText = (program: CelProgram, variables: CelVariables): string => {
  const value = evaluated(program, variables);
  if (value === undefined || value === null) return 'unknown';
  const text = jsonText(value);
  return text === undefined ? 'unknown' : `${typeof value}:${text}`;
};

const evaluated = (program: CelProgram, variables: CelVariables): unknown => {
  try {
    return program.evaluate(variables);
  } catch {
    return undefined;
  }
};

const jsonText = (value: unknown): string | undefined => {
  try {
    return JSON.stringify(value, (_, inner: unknown) => sorted(inner));
  } catch {
    return undefined;
  }
};

/** Members in one order: `{a, b}` and `{b, a}` are one value. CEL's `uint` is an object around a bigint. */
const sorted = (value: unknown): unknown => {
  const plain = value?.valueOf();
  if (typeof plain === 'bigint') return `${plain}n`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(entries.map(([key, inner]) => [String(key), inner] as const).sort(byKey));
};

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : a > b ? 1 : 0;

const sha256 = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('base64url');
