import { crc32 } from 'node:zlib';

const STRING = 7;
const PRELUDE_BYTES = 12;
const CRC_BYTES = 4;

const header = (name: string, value: string): Buffer => {
  const nameBytes = Buffer.from(name);
  const valueBytes = Buffer.from(value);
  const head = Buffer.alloc(1 + nameBytes.byteLength + 3);
  head.writeUInt8(nameBytes.byteLength, 0);
  nameBytes.copy(head, 1);
  head.writeUInt8(STRING, 1 + nameBytes.byteLength);
  head.writeUInt16BE(valueBytes.byteLength, 2 + nameBytes.byteLength);
  return Buffer.concat([head, valueBytes]);
};

/**
 * One message of `application/vnd.amazon.eventstream`: prelude, its CRC, headers, payload, CRC of all before it.
 *
 * Source: Smithy specification, "Amazon Event Stream".
 */
const eventStreamMessage = (headers: Readonly<Record<string, string>>, payload: unknown): Uint8Array => {
  const headerBytes = Buffer.concat(Object.entries(headers).map(([name, value]) => header(name, value)));
  const payloadBytes = Buffer.from(JSON.stringify(payload));
  const prelude = Buffer.alloc(PRELUDE_BYTES);
  prelude.writeUInt32BE(PRELUDE_BYTES + headerBytes.byteLength + payloadBytes.byteLength + CRC_BYTES, 0);
  prelude.writeUInt32BE(headerBytes.byteLength, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const content = Buffer.concat([prelude, headerBytes, payloadBytes]);
  const trailer = Buffer.alloc(CRC_BYTES);
  trailer.writeUInt32BE(crc32(content), 0);
  return Buffer.concat([content, trailer]);
};

/** A frame of the named event. */
export const eventFrame = (type: string, payload: object): Uint8Array =>
  eventStreamMessage({ ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' }, payload);

/** A frame that ends a stream with a modelled exception. */
export const exceptionFrame = (type: string, payload: object): Uint8Array =>
  eventStreamMessage(
    { ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' },
    payload,
  );
