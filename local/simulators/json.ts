/** A JSON object whose fields nobody has checked yet. */
export type Fields = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object, or an empty one for anything else. */
export const fieldsOf = (value: unknown): Fields => (isObject(value) ? value : {});

/** The list, or an empty one for anything else. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The string, or an empty one for anything else. */
export const stringOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A field that providers treat as not sent when it is null. */
export const isSent = (value: unknown): boolean => value !== undefined && value !== null;
