import { Refusal, toRefusal } from '../core/refusal.ts';

/** Idle proxies close a silent connection after 30 seconds or more (R131). */
const HEARTBEAT_MS = 15_000;

/** A comment that keeps idle proxies from closing a silent stream (R131). */
const HEARTBEAT = ': keep-alive\n\n';

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
export const eventStream = (
  lines: AsyncIterable<string>,
  end: EventStreamEnd,
  heartbeatMs = HEARTBEAT_MS,
): ReadableStream<Uint8Array> => {
  const iterator = lines[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let heartbeat: NodeJS.Timeout | undefined;
  let left = false;
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        heartbeat = setInterval(() => {
          // Never on top of what the caller has not read yet.
          if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(HEARTBEAT));
        }, heartbeatMs);
        heartbeat.unref();
      },
      pull: async (controller) => {
        try {
          const next = await iterator.next();
          if (left) return;
          heartbeat?.refresh(); // Silence is counted from the last line.
          if (next.done !== true) {
            controller.enqueue(encoder.encode(next.value));
            return;
          }
          clearInterval(heartbeat);
          end.ended();
          controller.close();
        } catch (thrown) {
          clearInterval(heartbeat);
          if (left) return;
          const refusal = toRefusal(thrown);
          end.ended(refusal);
          if (refusal.code !== 'caller_left') controller.enqueue(encoder.encode(end.writeError(refusal)));
          controller.close();
        }
      },
      cancel: async () => {
        left = true;
        clearInterval(heartbeat);
        end.left();
        await iterator.return?.().then(undefined, () => {}); // What was produced is counted before the call is closed.
        end.ended(new Refusal('caller_left'));
      },
    },
    { highWaterMark: 1 },
  );
};
