import { setImmediate as turn } from 'node:timers/promises';

/** Work that no answer waits for, done before the process is frozen. */
export interface Afterwards {
  /** Takes work, to be begun by `settle`, or in a moment: a call may go on for minutes. What goes wrong in it is logged. */
  do(work: () => Promise<void>): void;
  /** Begins what was taken, and ends when all of it has. Never rejects. */
  settle(): Promise<void>;
}

/** By then most answers are out. */
const SOON_MS = 250;

/** For a process that is frozen between calls: what is not done when a call ends waits for the next one, or for ever. */
export const createAfterwards = (logBug: (error: unknown) => void, soonMs = SOON_MS): Afterwards => {
  const taken: (() => Promise<void>)[] = [];
  const running = new Set<Promise<void>>();
  let soon: NodeJS.Timeout | undefined;

  const run = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      logBug(error);
    }
  };

  const begin = async (): Promise<void> => {
    clearTimeout(soon);
    soon = undefined;
    for (let work = taken.shift(); work !== undefined; work = taken.shift()) {
      const done = run(work).finally(() => running.delete(done));
      running.add(done);
      await turn(); // What each does before it first waits, such as writing JSON, may be much.
    }
  };

  return {
    do(work) {
      taken.push(work);
      soon ??= setTimeout(begin, soonMs).unref();
    },
    async settle() {
      while (taken.length > 0 || running.size > 0) {
        await begin();
        await Promise.all(running);
      }
    },
  };
};
