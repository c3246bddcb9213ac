import { createHash } from 'node:crypto';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

/**
 * Names and ids in the alphabet that Anthropic and Bedrock accept (`[a-zA-Z0-9_-]`, R21, R37). The same input gives the same
 * output, so that a call and its result, this turn and the next, still agree.
 */
export const safeName = (name: string, maxLength: number): string => {
  const safe = name.replace(/[^a-zA-Z0-9_-]/g, '_');
  if (safe === name && name.length <= maxLength && name !== '') return name;
  return `${safe.slice(0, maxLength - 9)}_${digest(name)}`;
};

/** Tool names as the provider has them, back to the caller's: made anew for each call, from its own tools. */
export const originalNames = (names: readonly string[], maxLength: number): ReadonlyMap<string, string> =>
  new Map(names.map((name) => [safeName(name, maxLength), name]));
