import { describe, expect, test } from '@jest/globals';
import { EventStreamCodec } from '@smithy/core/event-streams';
import fc from 'fast-check';
import { type AwsEvent, awsEventStream } from '../../../lambda/providers/aws-event-stream.ts';
import { bytesOf, collect, collectUntilError } from '../../support/streams.ts';

const toUtf8 = (input: Uint8Array | string) =>
  typeof input === 'string' ? input : Buffer.from(input).toString('utf8');
const codec = new EventStreamCodec(toUtf8, (text) => Buffer.from(text, 'utf8'));

const string = (value: string) => ({ type: 'string' as const, value });
const message = (headers: Record<string, string>, body: string | Uint8Array) =>
  codec.encode({
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, string(value)])),
    body: Buffer.from(body),
  });
const event = (name: string, body: string | Uint8Array) =>
  message({ ':message-type': 'event', ':event-type': name, ':content-type': 'application/json' }, body);

const shown = ({ kind, name, payload }: AwsEvent) => [kind, name, Buffer.from(payload).toString('utf8')];
const read = async (...pieces: readonly Uint8Array[]) => (await collect(awsEventStream(bytesOf(...pieces)))).map(shown);

/** The bytes in pieces of the given sizes, over and over. */
const cut = (bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] => {
  const pieces: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
};

describe('what the SDK encodes', () => {
  test('R123: is decoded, whatever the headers and the payload', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }), fc.uint8Array({ maxLength: 300 })),
        ),
        fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 5 }),
        async (events, sizes) => {
          const bytes = Buffer.concat(events.map(([name, body]) => event(name, body)));
          const decoded = await collect(awsEventStream(bytesOf(...cut(bytes, sizes))));
          expect(decoded.map(({ name, payload }) => [name, [...payload]])).toEqual(
            events.map(([name, body]) => [name, [...body]]),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test('headers of every type are stepped over', async () => {
    const bytes = codec.encode({
      headers: {
        yes: { type: 'boolean', value: true },
        no: { type: 'boolean', value: false },
        byte: { type: 'byte', value: 1 },
        short: { type: 'short', value: 2 },
        integer: { type: 'integer', value: 3 },
        binary: { type: 'binary', value: Uint8Array.from([1, 2, 3]) },
        when: { type: 'timestamp', value: new Date(0) },
        id: { type: 'uuid', value: '00000000-0000-4000-8000-000000000000' },
        ':message-type': string('event'),
        ':event-type': string('late'),
      },
      body: Buffer.from('{}'),
    });
    expect(await read(bytes)).toEqual([['event', 'late', '{}']]);
  });

  test('exceptions and errors are told apart from events', async () => {
    const exception = message(
      { ':message-type': 'exception', ':exception-type': 'throttlingException' },
      '{"message":"slow down"}',
    );
    const error = message({ ':message-type': 'error', ':error-code': 'InternalFailure', ':error-message': 'oops' }, '');
    expect(await read(exception, error)).toEqual([
      ['exception', 'throttlingException', '{"message":"slow down"}'],
      ['exception', 'InternalFailure', '{"message":"oops"}'],
    ]);
  });

  test('a kind of message that nobody knows is left out', async () => {
    expect(await read(message({ ':message-type': 'surprise' }, '{}'), event('a', '{}'))).toEqual([
      ['event', 'a', '{}'],
    ]);
  });
});

describe('bytes that are no stream', () => {
  const bytes = Buffer.concat([event('one', '{"a":1}'), event('two', '{"b":2}')]);

  test('cut off anywhere but between two messages they are an error, never a clean end', async () => {
    const first = event('one', '{"a":1}').length;
    for (let length = 0; length < bytes.length; length++) {
      const { all, error } = await collectUntilError(awsEventStream(bytesOf(bytes.subarray(0, length))));
      expect(all).toHaveLength(length >= first ? 1 : 0);
      if (length === 0 || length === first) expect(error).toBeUndefined();
      else expect(error).toMatchObject({ code: 'upstream_truncated' });
    }
  });

  test('one wrong bit anywhere is noticed', async () => {
    for (let at = 0; at < bytes.length; at++) {
      const spoilt = Buffer.from(bytes);
      spoilt[at] = (spoilt[at] ?? 0) ^ 1;
      const { error } = await collectUntilError(awsEventStream(bytesOf(spoilt)));
      expect(error).toMatchObject({ code: 'upstream_failed' });
    }
  });

  test('text instead of messages is an error', async () => {
    const { error } = await collectUntilError(awsEventStream(bytesOf('<html>not what you think</html>')));
    expect(error).toMatchObject({ code: 'upstream_failed' });
  });

  test('a prelude that promises too much is believed by nobody', async () => {
    const { crc32 } = await import('node:zlib');
    const prelude = (total: number, headers: number) => {
      const made = Buffer.alloc(12);
      made.writeUInt32BE(total, 0);
      made.writeUInt32BE(headers, 4);
      made.writeUInt32BE(crc32(made.subarray(0, 8)), 8);
      return made;
    };
    for (const [total, headers] of [
      [0xffff_ffff, 0],
      [100_000_000, 10],
      [1_000_000, 500_000],
      [16, 100],
      [15, 0],
    ] as const) {
      const { error } = await collectUntilError(awsEventStream(bytesOf(prelude(total, headers))));
      expect(error).toMatchObject({ code: 'upstream_failed' });
    }
  });

  test('a large message in small pieces is not copied for each of them', async () => {
    const pieces = cut(event('big', Buffer.alloc(14_000_000, 97)), [2_048]);
    const millisecondsOf = async () => {
      const started = performance.now();
      await collect(awsEventStream(bytesOf(...pieces)));
      return performance.now() - started;
    };
    const best = Math.min(await millisecondsOf(), await millisecondsOf(), await millisecondsOf());
    // All that has come copied for each of 7,000 pieces would be 48 GB: several seconds.
    expect(best).toBeLessThan(1_500);
  });
});
