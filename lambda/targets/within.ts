import { Refusal } from '../core/refusal.ts';

/** Gives work a time of its own inside another: whichever ends first aborts it, with a `Refusal` as the reason. */
export const within = async <Result>(
  ms: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> => {
  outer.throwIfAborted();
  const inner = new AbortController();
  const timer = setTimeout(() => inner.abort(new Refusal('upstream_timeout', { reason: 'total' })), ms);
  const leave = (): void => inner.abort(outer.reason);
  outer.addEventListener('abort', leave, { once: true });
  try {
    return await work(inner.signal);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', leave);
  }
};

/** Waits for what others wait for too: leaving early ends the waiting, not the work. */
export const waitFor = async <Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> => {
  signal.throwIfAborted();
  const { promise: left, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work, left]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
};
