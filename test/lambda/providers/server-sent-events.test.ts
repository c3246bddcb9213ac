import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { NativeFrame } from '../../../lambda/core/llm.ts';
import { serverSentEvents } from '../../../lambda/providers/server-sent-events.ts';
import { bytesOf, collect, collectUntilError } from '../../support/streams.ts';

const decode = serverSentEvents('openai-chat');
const frames = async (...pieces: readonly (string | Uint8Array)[]) =>
  (await collect(decode(bytesOf(...pieces)))).map(({ event, data }) => (event === undefined ? data : [event, data]));

describe('R127: server-sent events', () => {
  test.each([
    ['line feeds', 'data: a\n\ndata: b\n\n', ['a', 'b']],
    ['carriage returns and line feeds', 'data: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']],
    ['carriage returns', 'data: a\r\rdata: b\r\r', ['a', 'b']],
    ['no space after the colon', 'data:a\n\n', ['a']],
    ['several lines of data', 'data: a\ndata: b\n\n', ['a\nb']],
    ['comments', ': ping\n\n: again\ndata: a\n\n', ['a']],
    ['a byte order mark', '\uFEFFdata: a\n\n', ['a']],
    ['names', 'event: error\ndata: {}\n\n', [['error', '{}']]],
    ['fields nobody asked for', 'id: 7\nretry: 5\nx: y\ndata: a\n\n', ['a']],
    ['a last event without its blank line', 'data: a\n\ndata: b', ['a', 'b']],
    ['nothing', '', []],
  ])('with %s', async (_what, sent, expected) => {
    expect(await frames(sent)).toEqual(expected);
  });

  test('JSON objects are parsed, everything else stays text', async () => {
    const all = await collect(decode(bytesOf('data: {"a":1}\n\ndata:   {"b":2}\n\ndata: [DONE]\n\ndata: {"c\n\n')));
    expect(all.map(({ json }) => json)).toEqual([{ a: 1 }, { b: 2 }, undefined, undefined]);
  });

  test('bytes that are not UTF-8 do not end the stream', async () => {
    expect(await frames(Uint8Array.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0x0a, 0x0a]), 'data: b\n\n')).toEqual([
      '\uFFFD',
      'b',
    ]);
  });

  test('a frame of a megabyte arrives; one without end is given up', async () => {
    const long = 'x'.repeat(1024 * 1024);
    expect(await frames(`data: ${long}\n\n`)).toEqual([long]);
    const endless = Array.from({ length: 20 }, () => long);
    const { error } = await collectUntilError(decode(bytesOf('data: ', ...endless)));
    expect(error).toMatchObject({ code: 'upstream_failed', detail: { reason: 'frame too large' } });
  });

  test('what was complete before a connection broke is not lost', async () => {
    const broken = async function* () {
      yield* bytesOf('data: a\n\ndata: b');
      throw new Error('reset');
    };
    const { all, error } = await collectUntilError(decode(broken()));
    expect(all).toMatchObject([{ data: 'a' }]);
    expect(error).toMatchObject({ message: 'reset' });
  });

  const line = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replace(/[\p{Cc}\uFEFF]/gu, '_'));
  const ending = fc.constantFrom('\n', '\r\n', '\r');
  const event = fc
    .tuple(fc.array(line, { minLength: 1, maxLength: 3 }), ending, fc.boolean())
    .map(([lines, end, named]) => ({
      sent: `${named ? `event: e${end}` : ''}${lines.map((text) => `data: ${text}${end}`).join('')}${end}`,
      data: lines.join('\n'),
      name: named ? 'e' : undefined,
    }));
  const cuts = fc.array(fc.nat(400), { maxLength: 12 });

  test('cut anywhere, inside characters and line ends too, they are the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 8 }), cuts, async (events, at) => {
        const bytes = Buffer.from(events.map(({ sent }) => sent).join(''), 'utf8');
        const places = [0, ...at.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
        const pieces = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
        const seen: NativeFrame[] = await collect(decode(bytesOf(...pieces)));
        const whole: NativeFrame[] = await collect(decode(bytesOf(bytes)));
        expect(seen).toEqual(whole);
        expect(seen.map((frame) => [frame.event, frame.data])).toEqual(events.map(({ data, name }) => [name, data]));
      }),
      { numRuns: 300 },
    );
  });
});
