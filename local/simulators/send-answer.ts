import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Frame } from './simulator.ts';

export interface Sending {
  readonly frameGapMs: number;
  /** Aborted when the connection is gone. */
  readonly left: AbortSignal;
  /** Breaks the connection from our side. */
  readonly destroy: () => void;
}

const PAGE = '<!doctype html><html><head><title>Gateway</title></head><body><h1>Please log in</h1></body></html>';

/** Waits, or stops waiting when the client has left. */
const pause = async (ms: number, left: AbortSignal): Promise<void> => {
  if (ms > 0) await sleep(ms, undefined, { signal: left }).catch(() => undefined);
  else await new Promise((resolve) => setImmediate(resolve));
};

const untilLeft = (left: AbortSignal): Promise<unknown> =>
  left.aborted ? Promise.resolve() : once(left, 'abort').catch(() => undefined);

const writeFrames = async (response: ServerResponse, frames: readonly Frame[], gapMs: number, left: AbortSignal) => {
  for (const frame of frames) {
    if (left.aborted) return;
    if (!response.write(frame)) await once(response, 'drain', { signal: left }).catch(() => undefined);
    await pause(gapMs, left);
  }
};

/** Bytes that were handed to the socket must leave before it is destroyed, or the client sees nothing of them. */
const flushed = (response: ServerResponse, part: Frame): Promise<void> =>
  new Promise((resolve) => {
    response.write(part, () => setImmediate(resolve));
  });

/** Sends an answer, or fails at it in the way that the model's name asked for. */
export const sendAnswer = async (response: ServerResponse, answer: Answer, sending: Sending): Promise<void> => {
  const { left, destroy } = sending;
  const { failure } = answer;
  if (failure?.type === 'drop') return destroy();
  if (failure?.type === 'slow') await pause(failure.ms, left);
  if (left.aborted) return;
  if (failure?.type === 'html') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': Buffer.byteLength(PAGE) });
    response.end(PAGE);
    return;
  }

  if (answer.type === 'whole') {
    const body = Buffer.from(answer.body);
    response.writeHead(answer.status, { ...answer.headers, 'content-length': body.byteLength });
    if (failure?.type !== 'cut' && failure?.type !== 'stall') {
      response.end(body);
      return;
    }
    await flushed(response, body.subarray(0, Math.floor(body.byteLength / 2)));
    return failure.type === 'cut' ? destroy() : void (await untilLeft(left));
  }

  response.writeHead(200, { ...answer.headers });
  const half = answer.frames.slice(0, Math.ceil(answer.frames.length / 2));
  const breaks = failure?.type === 'cut' || failure?.type === 'stall' || failure?.type === 'error-mid';
  const gapMs = failure?.type === 'paced' ? failure.ms : sending.frameGapMs;
  await writeFrames(response, breaks ? half : answer.frames, gapMs, left);
  if (left.aborted) return;
  if (failure?.type === 'stall') await untilLeft(left);
  else if (failure?.type === 'cut') destroy();
  else response.end(failure?.type === 'error-mid' ? answer.errorFrame : undefined);
};
