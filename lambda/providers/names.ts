import { createHash } from 'node:crypto';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Names and ids in the alphabet that Anthropic and Bedrock accept (`[a-zA-Z0-9_-]`, R21, R37). The same input gives the same
 * output, so that a call and its result, this turn and the next, still agree.
 */
export const safeName = (name: string, maxLength: number): string => {
  const safe = name.replace(/[^a-zA-Z0-9_-]/g, '_');
  if (safe === name && name.length <= maxLength && name !== '') return name;
  return `${safe.slice(0, maxLength - 9)}_${sha256(name).slice(0, 8)}`;
};

/** Tool names as the provider has them, back to the caller's: made anew for each call, from its own tools. */
export const originalNames = (names: readonly string[], maxLength: number): ReadonlyMap<string, string> =>
  new Map(names.map((name) => [safeName(name, maxLength), name]));

/** Whom the caller says it serves, so that the provider can tell users apart and not who they are (R63). */
export const opaqueUser = (user: string): string => sha256(user);
