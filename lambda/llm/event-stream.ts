import { Refusal, toRefusal } from '../core/refusal.ts';
import { HEARTBEAT } from './wire/dialect.ts';

/** Idle proxies close a silent connection after 30 seconds or more (R131). */
const HEARTBEAT_MS = 15_000;

export interface EventStreamEnd {
  /** The event that says what went wrong, in the caller's dialect. */
  writeError(refusal: Refusal): string;
  /** Called once: without a refusal the answer was whole. */
  ended(refusal?: Refusal): void;
  /** The caller has gone: stop the upstream. */
  left(): void;
}

/**
 * Lines → the body of a streamed answer, no faster than the caller reads. After the first byte a failure can only be an
 * event: nothing is thrown past here, and a stream that broke off never ends like one that did not.
 */
export const eventStream = (lines: AsyncIterable<string>, end: EventStreamEnd): ReadableStream<Uint8Array> => {
  const iterator = lines[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let wrote = true;
  let heartbeat: NodeJS.Timeout | undefined;
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        heartbeat = setInterval(() => {
          if (!wrote && (controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(HEARTBEAT));
          wrote = false;
        }, HEARTBEAT_MS);
        heartbeat.unref();
      },
      pull: async (controller) => {
        try {
          const next = await iterator.next();
          wrote = true;
          if (next.done !== true) {
            controller.enqueue(encoder.encode(next.value));
            return;
          }
          clearInterval(heartbeat);
          end.ended();
          controller.close();
        } catch (thrown) {
          clearInterval(heartbeat);
          const refusal = toRefusal(thrown);
          end.ended(refusal);
          if (refusal.code !== 'caller_left') controller.enqueue(encoder.encode(end.writeError(refusal)));
          controller.close();
        }
      },
      cancel: async () => {
        clearInterval(heartbeat);
        end.left();
        await iterator.return?.().then(undefined, () => {}); // What was produced is counted before the call is closed.
        end.ended(new Refusal('caller_left'));
      },
    },
    { highWaterMark: 1 },
  );
};
