import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { eventStream } from '../../../lambda/http/event-stream.ts';
import { iterate } from '../../support/streams.ts';

const HEARTBEAT = ': keep-alive\n\n';

const watched = (lines: AsyncIterable<string>, heartbeatMs?: number) => {
  const ends: (string | undefined)[] = [];
  let left = 0;
  const body = eventStream(
    lines,
    {
      writeError: ({ code }) => `error: ${code}\n\n`,
      ended: (refusal) => void ends.push(refusal?.code),
      left: () => {
        left++;
      },
    },
    heartbeatMs,
  );
  return { body, ends, left: () => left };
};

describe('the body of a stream', () => {
  test('is its lines, and then says that it was whole', async () => {
    const { body, ends } = watched(iterate(['data: a\n\n', 'data: ü\n\n']));
    expect(await new Response(body).text()).toBe('data: a\n\ndata: ü\n\n');
    expect(ends).toEqual([undefined]);
  });

  test('R129: that breaks off ends with an error event', async () => {
    const { body, ends } = watched(
      (async function* () {
        yield 'data: a\n\n';
        throw new Refusal('upstream_truncated');
      })(),
    );
    expect(await new Response(body).text()).toBe('data: a\n\nerror: upstream_truncated\n\n');
    expect(ends).toEqual(['upstream_truncated']);
  });

  test('that hits a bug of ours says nothing of it', async () => {
    const { body, ends } = watched(
      (async function* () {
        yield 'data: a\n\n';
        throw new TypeError('secret');
      })(),
    );
    expect(await new Response(body).text()).toBe('data: a\n\nerror: internal\n\n');
    expect(ends).toEqual(['internal']);
  });

  test('R131: beats while it is silent, and not while it speaks', async () => {
    const { promise: heard, resolve: speak } = Promise.withResolvers<void>();
    const silent = watched(
      (async function* () {
        yield 'data: a\n\n';
        await heard;
        yield 'data: b\n\n';
      })(),
      25,
    );
    let text = '';
    for await (const part of silent.body.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (text.endsWith(HEARTBEAT.repeat(2))) speak();
    }
    expect(text).toMatch(/^data: a\n\n(: keep-alive\n\n){2,}data: b\n\n$/);
    const busy = watched(
      (async function* () {
        for (let index = 0; index < 20; index++) {
          await sleep(5);
          yield 'data: a\n\n';
        }
      })(),
      60,
    );
    expect(await new Response(busy.body).text()).not.toContain(HEARTBEAT);
  });

  test('R131: is silent no longer than one interval', async () => {
    const { body } = watched(
      (async function* () {
        await sleep(30);
        yield 'data: a\n\n';
        await sleep(1_000);
      })(),
      50,
    );
    const reader = body.getReader();
    await reader.read();
    const since = performance.now();
    const { value } = await reader.read();
    expect(new TextDecoder().decode(value)).toBe(HEARTBEAT);
    expect(performance.now() - since).toBeLessThan(75);
    await reader.cancel();
  });

  test('does not beat on top of what nobody reads', async () => {
    const { body } = watched(iterate(['data: a\n\n', 'data: b\n\n']), 5);
    await sleep(60);
    expect(await new Response(body).text()).toBe('data: a\n\ndata: b\n\n');
  });

  test('is no faster than its reader', async () => {
    let made = 0;
    const { body } = watched(
      (async function* () {
        for (;;) {
          made++;
          yield 'data: a\n\n';
        }
      })(),
    );
    const reader = body.getReader();
    for (let read = 0; read < 10; read++) await reader.read();
    await sleep(10);
    expect(made).toBeLessThanOrEqual(12);
    await reader.cancel();
  });

  test('R131: whose reader leaves stops what makes it, and ends once', async () => {
    let stopped = false;
    const { body, ends, left } = watched(
      (async function* () {
        try {
          for (;;) {
            await sleep(5);
            yield 'data: a\n\n';
          }
        } finally {
          stopped = true;
        }
      })(),
    );
    const reader = body.getReader();
    await reader.read();
    await reader.cancel();
    expect({ stopped, ends, left: left() }).toEqual({ stopped: true, ends: ['caller_left'], left: 1 });
  });

  test('R131: whose reader leaves while it waits ends as left, whatever the upstream says then', async () => {
    const gone = new AbortController();
    const ends: (string | undefined)[] = [];
    const body = eventStream(
      (async function* () {
        yield 'data: a\n\n';
        await new Promise((_, reject) =>
          gone.signal.addEventListener('abort', () => reject(new Refusal('upstream_truncated'))),
        );
      })(),
      { writeError: () => 'x', ended: (refusal) => void ends.push(refusal?.code), left: () => gone.abort() },
    );
    const reader = body.getReader();
    await reader.read();
    await sleep(5);
    await reader.cancel();
    expect(ends).toEqual(['caller_left']);
  });
});
