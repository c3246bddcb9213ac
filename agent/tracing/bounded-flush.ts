/**
 * Waits for `send`, at most for a while. Of a collector that was late once, or failed, nobody waits again until it has taken
 * something: what is sent then is sent behind the answer.
 */
export const boundedFlush = (send: () => Promise<unknown>, limitMs: number): (() => Promise<void>) => {
  let isPrompt = true;
  return async () => {
    const waits = isPrompt;
    const ended = (wasTaken: boolean) => (): void => {
      isPrompt = wasTaken;
    };
    const sent = send().then(ended(true), ended(false));
    if (!waits) return;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      isPrompt = false;
      resolve();
    }, limitMs);
    await Promise.race([sent, late]);
    clearTimeout(timer);
  };
};
