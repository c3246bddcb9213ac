/** Freezes a value and all that it holds. Without recursion, because how deep claims are nested is not ours to say. */
export const freezeDeep = <T extends object>(value: T): Readonly<T> => {
  const pending: object[] = [value];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (Object.isFrozen(next)) continue;
    Object.freeze(next);
    for (const member of Object.values(next)) if (typeof member === 'object' && member !== null) pending.push(member);
  }
  return value;
};
