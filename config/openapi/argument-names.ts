import { shortHash } from './hash.ts';

/** What has to get a name among the arguments of one tool. */
export interface Wanted {
  readonly in: string;
  readonly name: string;
}

/** Models' providers accept these in the keys of a schema, and no more than 64 of them. */
const plain = (name: string): string =>
  name
    .replace(/[^A-Za-z0-9_.-]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 64);

/**
 * One flat list of arguments for path, query, header and body together, as models use them best (O3): `id` where that is
 * one thing, `path_id` and `body_id` where it is two.
 *
 * Shape: names in the order of what is wanted, all different; `undefined` in place of one that can't be told apart.
 */
export const argumentNames = (wanted: readonly Wanted[], reserved: readonly string[] = []): readonly string[] => {
  const count = new Map<string, number>(reserved.map((name) => [name, 1]));
  for (const { name } of wanted) count.set(plain(name), (count.get(plain(name)) ?? 0) + 1);
  const isFree = (name: string): boolean => name !== '' && name !== '__proto__' && count.get(name) === 1;
  const taken = new Set([...reserved, ...wanted.map(({ name }) => plain(name)).filter(isFree)]);
  return wanted.map(({ in: place, name }) => {
    const short = plain(name);
    if (isFree(short)) return short;
    const long = `${place}_${short}`.slice(0, 64);
    const free = taken.has(long) ? `${long.slice(0, 55)}_${shortHash(`${place} ${name}`)}` : long;
    taken.add(free);
    return free;
  });
};
