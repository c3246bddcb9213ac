import { Refusal } from '../../core/refusal.ts';

/** A JSON object of which nothing is known yet. */
export type Json = Readonly<Record<string, unknown>>;

/** `param` is made of our field names and indices, never of what the caller wrote there. */
export const invalid = (param: string, expected: string): Refusal =>
  new Refusal('invalid_request', { param }, { param, expected });

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** OpenAI's and Anthropic's SDKs both send null for "not set". */
const isUnset = (value: unknown): value is undefined | null => value === undefined || value === null;

export const isSet = (value: unknown): boolean => !isUnset(value);

export const objectAt = (value: unknown, param: string): Json => {
  if (!isObject(value)) throw invalid(param, 'expected an object');
  return value;
};

export const arrayAt = (value: unknown, param: string): readonly unknown[] => {
  if (!Array.isArray(value)) throw invalid(param, 'expected an array');
  return value;
};

export const stringAt = (value: unknown, param: string): string => {
  if (typeof value !== 'string') throw invalid(param, 'expected a string');
  return value;
};

export const oneOf = <T extends string>(value: unknown, param: string, accepted: readonly T[]): T => {
  const known = accepted.find((one) => one === value);
  if (known === undefined) throw invalid(param, `expected one of ${accepted.join(', ')}`);
  return known;
};

export const optionalString = (from: Json, name: string): string | undefined =>
  isUnset(from[name]) ? undefined : stringAt(from[name], name);

export const optionalBoolean = (from: Json, name: string): boolean | undefined => {
  const value = from[name];
  if (isUnset(value)) return undefined;
  if (typeof value !== 'boolean') throw invalid(name, 'expected true or false');
  return value;
};

export const optionalNumber = (from: Json, name: string, min: number, max: number): number | undefined => {
  const value = from[name];
  if (isUnset(value)) return undefined;
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw invalid(name, `expected a number from ${min} to ${max}`);
  }
  return value;
};

export const optionalInteger = (from: Json, name: string, min: number): number | undefined => {
  const value = from[name];
  if (isUnset(value)) return undefined;
  if (!Number.isSafeInteger(value) || (value as number) < min) {
    throw invalid(name, `expected a whole number, ${min} or more`);
  }
  return value as number;
};

/** The same object without the members that are `undefined`: what is not set must not be written (R57). */
export const present = <T extends object>(from: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(from).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };

/** A model's name: short, printable, and safe in a path once encoded. */
export const readModel = (from: Json): string => {
  const model = stringAt(from.model, 'model');
  if (!/^[\x21-\x7e]{1,256}$/.test(model)) throw invalid('model', 'expected 1 to 256 printable characters');
  return model;
};
