/**
 * The values at a path of claims: none, one, or with `*` (every member) many.
 *
 * A claim whose whole name is the path comes first: Auth0's own claims are named like `https://acme.example/roles`, dots
 * and all.
 */
export const readPath = (claims: Readonly<Record<string, unknown>>, path: string): readonly unknown[] => {
  if (Object.hasOwn(claims, path)) return [claims[path]];
  let values: readonly unknown[] = [claims];
  for (const step of path.split('.')) values = values.flatMap((value) => membersOf(value, step));
  return values;
};

const membersOf = (value: unknown, step: string): readonly unknown[] => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  if (step === '*') return Object.values(value);
  return Object.hasOwn(value, step) ? [(value as Record<string, unknown>)[step]] : [];
};
