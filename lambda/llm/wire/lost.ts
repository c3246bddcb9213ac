import { isSet, type Json } from './fields.ts';

/** A record is a line, not a copy of the request. */
const MOST = 32;
const LONGEST = 64;

/** Names of what a request holds and the hub has no word for: the caller hears of it where its dialect does not pass through. */
export class Lost {
  readonly #names = new Set<string>();

  get names(): readonly string[] {
    return [...this.#names];
  }

  add(name: string): void {
    if (this.#names.size < MOST) this.#names.add(name.slice(0, LONGEST));
  }

  /** Whatever `from` has besides the fields that are read. */
  rest(of: string, from: Json, read: ReadonlySet<string>): void {
    for (const name of Object.keys(from)) {
      if (!read.has(name) && isSet(from[name])) this.add(`${of}.${name}`);
    }
  }
}
