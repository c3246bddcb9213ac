import { crc32 } from 'node:zlib';
import { Refusal } from '../core/refusal.ts';

/** One message. An exception's name is its modelled type, or the code of an error that no model has. */
export interface AwsEvent {
  readonly kind: 'event' | 'exception';
  readonly name: string;
  readonly payload: Uint8Array;
}

/** Total length, length of the headers, and the checksum of both. */
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;

/** No honest message is larger, and nothing is buffered for a prelude that says so. */
const MAX_HEADER_BYTES = 128 * 1024;
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/**
 * Bytes of `application/vnd.amazon.eventstream` → messages (R123), however they are cut. Both checksums are checked, the
 * prelude's before its lengths are believed.
 *
 * Errors: `Refusal('upstream_truncated')` if the bytes end within a message, `Refusal('upstream_failed')` if they are not one.
 * Source: Smithy specification, "Amazon Event Stream".
 */
export async function* awsEventStream(bytes: AsyncIterable<Uint8Array>): AsyncIterable<AwsEvent> {
  const received = new Received();
  for await (const chunk of bytes) {
    received.add(chunk);
    for (let message = received.takeMessage(); message !== undefined; message = received.takeMessage()) {
      const event = readMessage(message);
      if (event !== undefined) yield event;
    }
  }
  if (received.size > 0) throw new Refusal('upstream_truncated', { reason: 'half a message' });
}

const broken = (reason: string): Refusal => new Refusal('upstream_failed', { reason: `event stream: ${reason}` });

/** Bytes not yet part of a message. Joined only when a prelude or a message is complete: each byte is copied twice at most. */
class Received {
  #chunks: Uint8Array[] = [];
  #wanted = PRELUDE_BYTES;
  size = 0;

  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.size += chunk.length;
  }

  takeMessage(): Buffer | undefined {
    if (this.size < this.#wanted) return undefined;
    const joined = this.#join();
    if (this.#wanted === PRELUDE_BYTES) this.#wanted = messageBytes(joined);
    if (this.size < this.#wanted) return undefined;
    const message = joined.subarray(0, this.#wanted);
    const rest = joined.subarray(this.#wanted);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.size = rest.length;
    this.#wanted = PRELUDE_BYTES;
    return message;
  }

  #join(): Buffer {
    const [only] = this.#chunks;
    const joined =
      this.#chunks.length === 1 && only !== undefined
        ? Buffer.from(only.buffer, only.byteOffset, only.byteLength)
        : Buffer.concat(this.#chunks, this.size);
    this.#chunks = [joined];
    return joined;
  }
}

const messageBytes = (prelude: Buffer): number => {
  if (crc32(prelude.subarray(0, 8)) !== prelude.readUInt32BE(8)) throw broken('checksum of a prelude');
  const total = prelude.readUInt32BE(0);
  const headers = prelude.readUInt32BE(4);
  if (headers > MAX_HEADER_BYTES || total > MAX_MESSAGE_BYTES) throw broken('message too large');
  if (total < PRELUDE_BYTES + headers + CHECKSUM_BYTES) throw broken('lengths');
  return total;
};

const readMessage = (message: Buffer): AwsEvent | undefined => {
  const end = message.length - CHECKSUM_BYTES;
  if (crc32(message.subarray(0, end)) !== message.readUInt32BE(end)) throw broken('checksum of a message');
  const bodyStart = PRELUDE_BYTES + message.readUInt32BE(4);
  const headers = readHeaders(message.subarray(PRELUDE_BYTES, bodyStart));
  const payload = message.subarray(bodyStart, end);
  switch (headers.get(':message-type')) {
    case 'event':
      return { kind: 'event', name: headers.get(':event-type') ?? '', payload };
    case 'exception':
      return { kind: 'exception', name: headers.get(':exception-type') ?? '', payload };
    case 'error':
      return { kind: 'exception', name: headers.get(':error-code') ?? '', payload: writtenError(headers) };
    default:
      return undefined; // A kind of message that is not invented yet.
  }
};

/** An error that is in no model has its words in a header instead of a body. */
const writtenError = (headers: ReadonlyMap<string, string>): Uint8Array =>
  Buffer.from(JSON.stringify({ message: headers.get(':error-message') ?? '' }));

const STRING = 7;
/** Bytes of a header's value, by its type: true, false, byte, short, integer, long, bytes, string, timestamp, uuid. */
const VALUE_BYTES: readonly (number | 'counted')[] = [0, 0, 1, 2, 4, 8, 'counted', 'counted', 8, 16];

/** The headers that are text. The others are skipped over: nothing of ours is in them. */
const readHeaders = (bytes: Buffer): ReadonlyMap<string, string> => {
  const headers = new Map<string, string>();
  let at = 0;
  const take = (count: number): Buffer => {
    if (at + count > bytes.length) throw broken('headers');
    at += count;
    return bytes.subarray(at - count, at);
  };
  while (at < bytes.length) {
    const name = take(take(1).readUInt8()).toString('utf8');
    const type = take(1).readUInt8();
    const length = VALUE_BYTES[type];
    if (length === undefined) throw broken('type of a header');
    const value = take(length === 'counted' ? take(2).readUInt16BE() : length);
    if (type === STRING) headers.set(name, value.toString('utf8'));
  }
  return headers;
};
