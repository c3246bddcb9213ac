import type { Raw } from '../../core/mcp.ts';
import { isRaw } from '../../targets/raw.ts';
import { areEqual, CHARS_PER_STEP } from './equal-values.ts';
import { all, at, between, count, failed, type Outcome } from './outcome.ts';

/** One validation. */
export interface Walk {
  /** Errors: whatever ends a validation that takes too long. */
  spend(steps: number): void;
  check(schema: unknown, value: unknown): Outcome;
  /** What a `$ref` leads to; `undefined` for what is not in this schema. */
  resolve(reference: string): unknown;
}

/** What one keyword says of a value, beside the others of its schema. */
export type Keyword = (expected: unknown, value: unknown, walk: Walk, beside: Raw) => Outcome;

const holds = (isSo: boolean): Outcome => isSo || '';

const typeOf = (value: unknown): string => {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
};

const TYPES: ReadonlySet<unknown> = new Set(['null', 'boolean', 'object', 'array', 'number', 'string', 'integer']);

const type: Keyword = (expected, value, { spend }) => {
  const types: readonly unknown[] = Array.isArray(expected) ? expected : [expected];
  spend(types.length / TYPES.size);
  if (!types.every((one) => TYPES.has(one))) return undefined;
  return holds(types.includes(typeOf(value)) || (types.includes('integer') && Number.isInteger(value)));
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const isNames = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((name) => typeof name === 'string');

/** About numbers alone; a limit that is none says nothing. */
const number =
  (isSo: (value: number, limit: number) => boolean): Keyword =>
  (limit, value) => {
    if (typeof value !== 'number') return true;
    return typeof limit === 'number' ? holds(isSo(value, limit)) : undefined;
  };

/** As far as a double can say it: 0.3 is three times 0.1. */
const isMultiple = (value: number, factor: number): boolean => {
  const times = value / factor;
  return !(factor > 0) || Math.abs(times - Math.round(times)) <= Math.abs(times) * 1e-12;
};

/** About what has a size: `sizeOf` answers `undefined` for what has none. */
const size =
  (
    sizeOf: (value: unknown, walk: Walk) => number | undefined,
    isSo: (size: number, limit: number) => boolean,
  ): Keyword =>
  (limit, value, walk) => {
    const found = sizeOf(value, walk);
    if (found === undefined) return true;
    return isCount(limit) ? holds(isSo(found, limit)) : undefined;
  };

/** Of a string, in code points, as JSON Schema counts. */
const lengthOf = (value: unknown, { spend }: Walk): number | undefined => {
  if (typeof value !== 'string') return undefined;
  spend(value.length / CHARS_PER_STEP);
  let length = value.length;
  for (let index = 0; index < value.length - 1; index++) if ((value.codePointAt(index) ?? 0) > 0xffff) length--;
  return length;
};

const itemsOf = (value: unknown): number | undefined => (Array.isArray(value) ? value.length : undefined);

/** Names are what costs most to read: none are read for less than a step each. */
const namesOf = (value: Raw, { spend }: Walk): readonly string[] => {
  const names = Object.keys(value);
  spend(names.length);
  return names;
};

const membersOf = (value: unknown, walk: Walk): number | undefined =>
  isRaw(value) ? namesOf(value, walk).length : undefined;

const isAtLeast = (found: number, limit: number): boolean => found >= limit;
const isAtMost = (found: number, limit: number): boolean => found <= limit;

/** Schemas by the name of a member that has to be there for them to say something. */
const byMember =
  (checked: 'member' | 'whole'): Keyword =>
  (schemas, value, walk) => {
    if (!isRaw(value)) return true;
    if (!isRaw(schemas)) return undefined;
    return all(namesOf(schemas, walk), (name) =>
      Object.hasOwn(value, name)
        ? at(name, walk.check(schemas[name], checked === 'member' ? value[name] : value))
        : true,
    );
  };

/** Patterns are a server's, and may take for ever: what they are about can't be said. */
const hasPatterns = ({ patternProperties: patterns }: Raw, walk: Walk): boolean =>
  patterns !== undefined && !(isRaw(patterns) && namesOf(patterns, walk).length === 0);

const additionalProperties: Keyword = (schema, value, walk, beside) => {
  if (!isRaw(value)) return true;
  const named = isRaw(beside.properties) ? beside.properties : {};
  const outcome = all(namesOf(value, walk), (name) =>
    Object.hasOwn(named, name) ? true : walk.check(schema, value[name]),
  );
  return failed(outcome) && hasPatterns(beside, walk) ? undefined : outcome;
};

const propertyNames: Keyword = (schema, value, walk) =>
  isRaw(value) ? all(namesOf(value, walk), (name) => walk.check(schema, name)) : true;

const ITEMS_PER_STEP = 64;

/** A part of a list is a copy of it. */
const slice = (value: readonly unknown[], from: number, to: number, { spend }: Walk): readonly unknown[] => {
  const part = value.slice(from, to);
  spend(part.length / ITEMS_PER_STEP);
  return part;
};

const prefixItems: Keyword = (schemas, value, walk) => {
  if (!Array.isArray(value)) return true;
  if (!Array.isArray(schemas)) return undefined;
  return all(slice(value, 0, schemas.length, walk), (item, index) =>
    at(String(index), walk.check(schemas[index], item)),
  );
};

const itemsAfter = (from: unknown, schema: unknown, value: unknown, walk: Walk): Outcome => {
  if (!Array.isArray(value)) return true;
  const after = Array.isArray(from) ? slice(value, from.length, value.length, walk) : value;
  return all(after, (item) => walk.check(schema, item));
};

/** Before 2020-12 a list of schemas was what `prefixItems` is now. */
const items: Keyword = (schema, value, walk, beside) =>
  Array.isArray(schema)
    ? prefixItems(schema, value, walk, beside)
    : itemsAfter(beside.prefixItems, schema, value, walk);

const additionalItems: Keyword = (schema, value, walk, { items: before }) =>
  Array.isArray(before) ? itemsAfter(before, schema, value, walk) : true;

const contains: Keyword = (schema, value, { check }, { minContains = 1, maxContains = Number.MAX_SAFE_INTEGER }) => {
  if (!Array.isArray(value)) return true;
  if (!isCount(minContains) || !isCount(maxContains)) return undefined;
  return between(
    count(value, (item) => check(schema, item)),
    minContains,
    maxContains,
  );
};

const uniqueItems: Keyword = (isAsked, value, { spend }) => {
  if (isAsked === false || !Array.isArray(value)) return true;
  if (isAsked !== true) return undefined;
  spend(value.length);
  const whole = value.filter((item) => typeof item === 'object' && item !== null);
  const simple = value.length - whole.length;
  const isTwice = (item: unknown, index: number): boolean =>
    whole.some((other, before) => before < index && areEqual(item, other, spend));
  return holds(new Set(value).size - new Set(whole).size === simple && !whole.some(isTwice));
};

const NAMES_PER_STEP = 2;

const required: Keyword = (names, value, { spend }) => {
  if (!isRaw(value)) return true;
  if (Array.isArray(names)) spend(names.length / NAMES_PER_STEP);
  if (!isNames(names)) return undefined;
  return holds(names.every((name) => Object.hasOwn(value, name)));
};

const dependentRequired: Keyword = (dependent, value, walk) => {
  if (!isRaw(value)) return true;
  if (!isRaw(dependent)) return undefined;
  return all(namesOf(dependent, walk), (name) =>
    Object.hasOwn(value, name) ? at(name, required(dependent[name], value, walk, dependent)) : true,
  );
};

const not: Keyword = (schema, value, { check }) => {
  const outcome = check(schema, value);
  return outcome === undefined ? undefined : holds(failed(outcome));
};

/** `then` or `else`, which mean nothing by themselves. */
const conditional: Keyword = (schema, value, { check }, beside) => {
  const branch = (name: 'then' | 'else'): Outcome =>
    beside[name] === undefined ? true : at(name, check(beside[name], value));
  const outcome = check(schema, value);
  if (outcome === undefined) return failed(branch('then')) && failed(branch('else')) ? '' : undefined;
  return failed(outcome) ? branch('else') : branch('then');
};

/** A keyword that is not looked at, about values of one type: of others it says nothing. */
const unsaid =
  (type: string): Keyword =>
  (_, value) =>
    typeOf(value) === type ? undefined : true;

const allOf: Keyword = (schemas, value, { check }) =>
  Array.isArray(schemas) ? all(schemas, (schema, index) => at(String(index), check(schema, value))) : undefined;

/** Of so many schemas, one and no more than `most` have to hold. */
const oneUpTo =
  (most: number): Keyword =>
  (schemas, value, { check }) =>
    Array.isArray(schemas)
      ? between(
          count(schemas, (schema) => check(schema, value)),
          1,
          most,
        )
      : undefined;

/** What is not here says nothing of a value (JSON Schema core, §6.5): names for people, `format`, what nobody knows. */
export const KEYWORDS: ReadonlyMap<string, Keyword> = new Map<string, Keyword>([
  ['type', type],
  ['const', (expected, value, { spend }) => holds(areEqual(expected, value, spend))],
  [
    'enum',
    (expected, value, { spend }) =>
      Array.isArray(expected) ? holds(expected.some((one) => areEqual(one, value, spend))) : undefined,
  ],
  ['multipleOf', number(isMultiple)],
  ['minimum', number(isAtLeast)],
  ['maximum', number(isAtMost)],
  ['exclusiveMinimum', number((value, limit) => value > limit)],
  ['exclusiveMaximum', number((value, limit) => value < limit)],
  ['minLength', size(lengthOf, isAtLeast)],
  ['maxLength', size(lengthOf, isAtMost)],
  ['minItems', size(itemsOf, isAtLeast)],
  ['maxItems', size(itemsOf, isAtMost)],
  ['minProperties', size(membersOf, isAtLeast)],
  ['maxProperties', size(membersOf, isAtMost)],
  ['required', required],
  ['dependentRequired', dependentRequired],
  ['dependentSchemas', byMember('whole')],
  ['properties', byMember('member')],
  ['additionalProperties', additionalProperties],
  ['propertyNames', propertyNames],
  ['prefixItems', prefixItems],
  ['items', items],
  ['additionalItems', additionalItems],
  ['contains', contains],
  ['uniqueItems', uniqueItems],
  ['allOf', allOf],
  ['anyOf', oneUpTo(Number.POSITIVE_INFINITY)],
  ['oneOf', oneUpTo(1)],
  ['not', not],
  ['if', conditional],
  [
    '$ref',
    (reference, value, { check, resolve }) => {
      const schema = typeof reference === 'string' ? resolve(reference) : undefined;
      return schema === undefined ? undefined : check(schema, value);
    },
  ],
  ['$dynamicRef', () => undefined],
  ['$recursiveRef', () => undefined],
  ['pattern', unsaid('string')],
  ['patternProperties', (_, value, walk, beside) => (isRaw(value) && hasPatterns(beside, walk) ? undefined : true)],
  ['unevaluatedProperties', unsaid('object')],
  ['unevaluatedItems', unsaid('array')],
  ['dependencies', unsaid('object')],
]);
