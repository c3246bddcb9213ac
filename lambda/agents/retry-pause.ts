import type { Failure } from './runtime-refusal.ts';

const MAX_TRIES = 3;
/** A session that is still at work may be done in a moment. */
const BUSY_FOR_MS = 3_000;
/** Longer than this nobody waits here: the caller is told when to come again. */
const MAX_WAIT_MS = 3_000;

/** Where the AWS SDKs start, for what is limited and for the rest. Source: AWS SDKs reference guide, "Retry behavior". */
const FIRST_MS = { limited: 500, other: 100 } as const;

/** How long to wait before the next try; undefined for no other try. `drawn`: from 0 up to 1. */
export const retryPauseMs = (
  { refusal, retry, askedMs = 0 }: Failure,
  tries: number,
  elapsedMs: number,
  drawn: number,
): number | undefined => {
  if (retry === 'no' || tries >= MAX_TRIES || askedMs > MAX_WAIT_MS) return undefined;
  const isLimited = retry === 'while-busy' || refusal.code === 'upstream_limited';
  const pauseMs = Math.max(askedMs, drawn * FIRST_MS[isLimited ? 'limited' : 'other'] * 2 ** tries);
  return retry === 'while-busy' && elapsedMs + pauseMs > BUSY_FOR_MS ? undefined : pauseMs;
};
