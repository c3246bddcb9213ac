import { Refusal } from '../core/refusal.ts';

/** How many may wait for each one that is served: who comes later would wait in vain. */
const WAITING_PER_SLOT = 4;

/** Lets only so many requests to one server run at once, so that a slow one does not take the whole process (G34). */
export const createSlots = (most: number) => {
  let free = most;
  const waiting = new Set<() => void>();

  const take = async (signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    if (free > 0) {
      free--;
      return;
    }
    if (waiting.size >= most * WAITING_PER_SLOT) throw new Refusal('upstream_busy', { reason: 'queue full' });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (): void => {
      waiting.delete(resolve);
      reject(signal.reason);
    };
    waiting.add(resolve);
    signal.addEventListener('abort', leave, { once: true });
    await promise.finally(() => signal.removeEventListener('abort', leave));
  };

  /** A slot goes straight to who has waited longest; nobody can slip in between. */
  const release = (): void => {
    const [next] = waiting;
    if (next === undefined) free++;
    else {
      waiting.delete(next);
      next();
    }
  };

  return async <Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> => {
    await take(signal);
    try {
      return await work();
    } finally {
      release();
    }
  };
};

export type Slots = ReturnType<typeof createSlots>;
