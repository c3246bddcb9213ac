import { waitFor } from './within.ts';

/**
 * Does one thing once for all who want it at the same time. The work belongs to none of them: it must bound itself, and must
 * not use the signal of whoever came first.
 */
export const createSingleFlight = <Result>() => {
  const flying = new Map<string, Promise<Result>>();
  return (key: string, signal: AbortSignal, start: () => Promise<Result>): Promise<Result> => {
    let flight = flying.get(key);
    if (flight === undefined) {
      flight = start().finally(() => flying.delete(key));
      flying.set(key, flight);
      flight.catch(() => {}); // All who wait may have left.
    }
    return waitFor(flight, signal);
  };
};
