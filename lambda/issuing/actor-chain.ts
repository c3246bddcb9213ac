import type { Actor } from './issue-token.ts';

/** How many act one for another at most. More is a loop, or nobody's intention. */
export const MAX_ACTORS = 5;
const MAX_NAME_BYTES = 1_024;

/**
 * The claim `act` of a token, the one who acts now outermost.
 *
 * Shape:  members beside `sub`, `iss` and `act` are left out. `undefined` for anything that can't be read whole: a chain of which
 *         a part is lost must not pass as a shorter one.
 * Source: RFC 8693 §4.1.
 */
export const readActorChain = (act: unknown): Actor | undefined => {
  const links: Actor[] = [];
  for (let next = act; next !== undefined; next = (next as { act?: unknown }).act) {
    if (typeof next !== 'object' || next === null || Array.isArray(next) || links.length === MAX_ACTORS)
      return undefined;
    const { sub, iss } = next as { sub?: unknown; iss?: unknown };
    if (!isName(sub) || !(iss === undefined || isName(iss))) return undefined;
    links.push(iss === undefined ? { sub } : { sub, iss });
  }
  return links.reduceRight<Actor | undefined>(
    (inner, link) => (inner === undefined ? link : { ...link, act: inner }),
    undefined,
  );
};

/** Puts who acts now around who acted before; `undefined` if that makes too many. */
export const actFor = (actor: Omit<Actor, 'act'>, before: Actor | undefined): Actor | undefined =>
  lengthOf(before) >= MAX_ACTORS ? undefined : before === undefined ? actor : { ...actor, act: before };

const lengthOf = (actor: Actor | undefined): number => (actor === undefined ? 0 : 1 + lengthOf(actor.act));

const isName = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= MAX_NAME_BYTES;
