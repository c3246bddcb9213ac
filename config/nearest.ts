/** Edits between two names, a swap of neighbours counted as one (optimal string alignment). */
const distance = (a: string, b: string): number => {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const now = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min(
        (last[column - 1] ?? 0) + (same ? 0 : 1),
        (last[column] ?? 0) + 1,
        (now[column - 1] ?? 0) + 1,
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        best = Math.min(best, (before[column - 2] ?? 0) + 1);
      now.push(best);
    }
    before = last;
    last = now;
  }
  return last[b.length] ?? 0;
};

const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_ ]/g, '');

/** The accepted name that was probably meant, if one is close enough to be worth saying. */
export const nearest = (found: string, accepted: readonly string[]): string | undefined => {
  if (found.length > 64) return undefined;
  const alike = accepted.find((name) => name !== found && plain(name) === plain(found));
  if (alike !== undefined) return alike;
  const [best] = accepted
    .map((name) => ({ name, edits: distance(found.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, edits }) => edits <= Math.max(1, Math.floor(Math.max(name.length, found.length) / 3)))
    .sort((a, b) => a.edits - b.edits);
  return best?.name;
};

/** `; did you mean rateLimits?`, or the whole list where nothing is near. */
export const hint = (found: string, accepted: readonly string[], list = 'accepted'): string => {
  const near = nearest(found, accepted);
  if (near !== undefined) return `; did you mean ${near}?`;
  return accepted.length === 0 ? `; nothing is ${list} there` : `; ${list}: ${accepted.join(', ')}`;
};
