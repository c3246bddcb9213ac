import { isExactNumber } from '../../config/exact-json.ts';

export interface Found {
  readonly text: string;
  /** JSON Pointer, cut at 200 characters. A member's name stands at the place of its value. */
  readonly where: string;
  readonly kind: 'name' | 'value';
}

const MAX_POINTER_CHARS = 200;

/** Every string of a JSON value, members' names included: poison works in any of them. */
export function* stringsIn(value: unknown, where = ''): Generator<Found> {
  if (typeof value === 'string') yield { text: value, where, kind: 'value' };
  else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* stringsIn(item, step(where, String(index)));
  } else if (typeof value === 'object' && value !== null && !isExactNumber(value)) {
    for (const [name, member] of Object.entries(value)) {
      const at = step(where, name);
      yield { text: name, where: at, kind: 'name' };
      yield* stringsIn(member, at);
    }
  }
}

const step = (where: string, name: string): string =>
  where.length >= MAX_POINTER_CHARS
    ? where
    : `${where}/${name.slice(0, MAX_POINTER_CHARS).replaceAll('~', '~0').replaceAll('/', '~1')}`.slice(
        0,
        MAX_POINTER_CHARS,
      );
