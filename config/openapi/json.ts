/** A JSON object of a document. */
export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const objectOr = (value: unknown): Json => (isObject(value) ? value : {});

export const listOr = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const textOr = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export const mapValues = (object: Json, change: (value: unknown, key: string) => unknown): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
