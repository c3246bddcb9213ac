import { inspect } from 'node:util';

/** A secret that can travel through logs and errors unseen: it prints as `[hidden]` however it is printed. */
export class Hidden {
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** The secret itself. Called only where a request to an upstream is authorised. */
  open(): string {
    return this.#secret;
  }

  toString(): string {
    return '[hidden]';
  }

  toJSON(): string {
    return '[hidden]';
  }

  [inspect.custom](): string {
    return '[hidden]';
  }
}
