/** The time now, in milliseconds since the epoch. Given as an argument wherever time matters, so that tests own it. */
export type Clock = () => number;

/** The machine's own clock: the only place that asks for it. */
export const systemClock: Clock = () => Date.now();
