import { createParser } from 'eventsource-parser';
import type { Dialect, NativeFrame } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';

/** No honest frame is larger: an image in base64 is under this. */
const MAX_FRAME_CHARS = 16 * 1024 * 1024;

/**
 * Bytes → server-sent events (R127): any chunking, any line ending, comments, several `data:` lines, a byte order mark, UTF-8
 * cut across chunks, and a last event without its blank line.
 *
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html, but for that last event, which providers do send.
 */
export const serverSentEvents = (dialect: Dialect) =>
  async function* decode(bytes: AsyncIterable<Uint8Array>): AsyncIterable<NativeFrame> {
    const ready: NativeFrame[] = [];
    const parser = createParser({
      maxBufferSize: MAX_FRAME_CHARS,
      onEvent: ({ event, data }) => ready.push({ dialect, event, data, json: parse(data) }),
      onError: ({ type }) => {
        if (type === 'max-buffer-size-exceeded') throw new Refusal('upstream_failed', { reason: 'frame too large' });
      },
    });
    const text = new TextDecoder();
    for await (const chunk of bytes) {
      parser.feed(text.decode(chunk, { stream: true }));
      yield* ready.splice(0);
    }
    parser.feed(`${text.decode()}\n\n`);
    yield* ready.splice(0);
  };

/** Frames that are not JSON objects stay text: `[DONE]`, or something to be skipped. */
const parse = (data: string): NativeFrame['json'] => {
  if (!data.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
};
