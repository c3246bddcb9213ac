import * as z from 'zod';
import type { Path } from './problem.ts';
import { isMap, valueAt } from './select.ts';

type Schema = z.core.$ZodType;

const allows = (schema: Schema, value: unknown): boolean =>
  !(schema instanceof z.ZodLiteral) || (schema.values as Set<unknown>).has(value);

/** The members of a union that `value` may have been meant for: those whose literals (its kind) it has, else all. */
const membersFor = (union: z.ZodUnion, value: unknown): readonly Schema[] => {
  const options = union.options as readonly Schema[];
  const fitting = options.filter(
    (option) =>
      option instanceof z.ZodObject &&
      isMap(value) &&
      Object.entries(option.shape as Record<string, Schema>).every(([key, member]) => allows(member, value[key])),
  );
  return fitting.length > 0 ? fitting : options;
};

const step = (schema: Schema, part: string | number, value: unknown): readonly Schema[] => {
  if (schema instanceof z.ZodOptional) return step(schema.unwrap(), part, value);
  if (schema instanceof z.ZodUnion) return membersFor(schema, value).flatMap((member) => step(member, part, value));
  if (schema instanceof z.ZodObject)
    return [schema.shape[part] as Schema | undefined].filter((one) => one !== undefined);
  if (schema instanceof z.ZodRecord) return [schema.valueType];
  return schema instanceof z.ZodArray ? [schema.element] : [];
};

const keysOf = (schema: Schema, value: unknown): readonly string[] => {
  if (schema instanceof z.ZodOptional) return keysOf(schema.unwrap(), value);
  if (schema instanceof z.ZodUnion) return membersFor(schema, value).flatMap((member) => keysOf(member, value));
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
};

/** The keys that `schema` accepts at a place of `root`: what a misspelt one there may have meant. */
export const acceptedKeys = (schema: Schema, root: unknown, path: Path): readonly string[] => {
  const found = path.reduce<readonly Schema[]>(
    (schemas, part, index) => schemas.flatMap((one) => step(one, part, valueAt(root, path.slice(0, index)))),
    [schema],
  );
  return [...new Set(found.flatMap((one) => keysOf(one, valueAt(root, path))))];
};
