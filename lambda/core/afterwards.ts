/** Work that no answer waits for. */
export interface Afterwards {
  /** Takes work, to be begun by `settle`. What goes wrong in it is a bug, and is logged. */
  do(work: () => Promise<void>): void;
  /** Does what was taken, all of it at once, and ends when all of it has. */
  settle(): Promise<void>;
}

/** For a process that is frozen between calls: what is not done when a call ends waits for the next one, or for ever. */
export const createAfterwards = (logBug: (error: unknown) => void): Afterwards => {
  let taken: (() => Promise<void>)[] = [];
  return {
    do: (work) => void taken.push(work),
    settle: async () => {
      while (taken.length > 0) {
        const begun = taken;
        taken = [];
        await Promise.all(begun.map((work) => work().catch(logBug)));
      }
    },
  };
};
