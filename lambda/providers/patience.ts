import { Refusal } from '../core/refusal.ts';

/** Ends one attempt: when its time to the first byte is over, or with the call itself. */
export class Patience {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #call: AbortSignal;
  readonly #follow = (): void => this.#controller.abort(this.#call.reason);

  constructor(call: AbortSignal, firstByteMs: number) {
    this.#call = call;
    this.#timer = setTimeout(
      () => this.#controller.abort(new Refusal('upstream_timeout', { reason: 'first byte' })),
      firstByteMs,
    );
    call.addEventListener('abort', this.#follow, { once: true });
    if (call.aborted) this.#follow();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The first byte is here: from now on only the call itself can end it. */
  met(): void {
    clearTimeout(this.#timer);
  }

  /** The answer has been read to its end: nothing is left to stop. */
  done(): void {
    this.met();
    this.#call.removeEventListener('abort', this.#follow);
  }

  giveUp(): void {
    this.done();
    this.#controller.abort(new Refusal('upstream_failed', { reason: 'given up' }));
  }
}
