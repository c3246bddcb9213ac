/** In Node since 22, not yet in TypeScript's library. */
const exactJson = JSON as unknown as { isRawJSON(value: unknown): boolean };

/**
 * JSON as rules see it: a number that was kept with all its digits is the number that it stands for. What is sent keeps its
 * digits; a rule that compared something else than the number would be walked around by writing `42` as `42.00000000000000`.
 */
export const plainNumbers = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (exactJson.isRawJSON(value)) return Number((value as { readonly rawJSON: string }).rawJSON);
  if (Array.isArray(value)) return value.map(plainNumbers);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plainNumbers(member)]));
};
