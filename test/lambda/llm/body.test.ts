import { describe, expect, test } from '@jest/globals';
import { MAX_BODY_BYTES, readJsonBody } from '../../../lambda/llm/body.ts';

const request = (
  body: string | Uint8Array<ArrayBuffer> | ReadableStream | null,
  headers: Record<string, string> = {},
) =>
  new Request('http://gateway/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  } as RequestInit);

const nested = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;

describe('a body', () => {
  test('is a JSON object', async () => {
    expect(await readJsonBody(request('{"a":[1,"ü"]}'))).toEqual({ a: [1, 'ü'] });
    expect(await readJsonBody(request('\uFEFF{"a":1}'))).toEqual({ a: 1 });
  });

  test.each([
    ['nothing', request(null), 'malformed_json'],
    ['empty', request(''), 'malformed_json'],
    ['cut off', request('{"a":'), 'malformed_json'],
    ['an array', request('[1]'), 'invalid_request'],
    ['null', request('null'), 'invalid_request'],
    ['not UTF-8', request(Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), 'invalid_encoding'],
    ['too deep', request(nested(65)), 'too_deep'],
    ['deeper than any stack', request('['.repeat(1_000_000)), 'too_deep'],
    ['said to be too large', request('{}', { 'content-length': String(MAX_BODY_BYTES + 1) }), 'body_too_large'],
    ['too large', request(`{"a":"${'x'.repeat(MAX_BODY_BYTES)}"}`), 'body_too_large'],
    [
      'larger than it says',
      request(`{"a":"${'x'.repeat(MAX_BODY_BYTES)}"}`, { 'content-length': '5' }),
      'body_too_large',
    ],
    ['compressed', request('{}', { 'content-encoding': 'gzip' }), 'unsupported_media_type'],
    ['a form', request('a=1', { 'content-type': 'application/x-www-form-urlencoded' }), 'unsupported_media_type'],
    [
      'in another charset',
      request('{}', { 'content-type': 'application/json; charset=utf-16' }),
      'unsupported_media_type',
    ],
    [
      'in one, quoted',
      request('{}', { 'content-type': 'application/json;Charset="latin1"' }),
      'unsupported_media_type',
    ],
    ['nearly JSON', request('{}', { 'content-type': 'application/jsonp' }), 'unsupported_media_type'],
  ])('that is %s is refused', async (_what, sent, code) => {
    await expect(readJsonBody(sent)).rejects.toMatchObject({ code });
  });

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"; version=1',
    'APPLICATION/JSON',
    'application/vnd.x+json',
  ])('may say that it is %s', async (type) => {
    expect(await readJsonBody(request('{}', { 'content-type': type }))).toEqual({});
  });

  test('of 64 levels is read, and brackets in strings are no levels', async () => {
    expect(await readJsonBody(request(nested(64)))).toHaveProperty('a');
    expect(await readJsonBody(request(JSON.stringify({ a: '[{"'.repeat(500) })))).toHaveProperty('a');
  });

  test('that comes in pieces without a length is read, and counted', async () => {
    const pieces = (count: number, piece: string) =>
      new ReadableStream({
        start: (controller) => {
          for (let index = 0; index < count; index++) controller.enqueue(new TextEncoder().encode(piece));
          controller.close();
        },
      });
    const one = new ReadableStream({
      start: (controller) => {
        for (const piece of ['{"a"', ':"', 'ü"}']) controller.enqueue(new TextEncoder().encode(piece));
        controller.close();
      },
    });
    expect(await readJsonBody(request(one))).toEqual({ a: 'ü' });
    await expect(readJsonBody(request(pieces(11, ' '.repeat(1024 * 1024))))).rejects.toMatchObject({
      code: 'body_too_large',
    });
  });

  test('can name what objects inherit without becoming it', async () => {
    const body = await readJsonBody(request('{"__proto__":{"admin":true},"constructor":1}'));
    expect((body as { admin?: unknown }).admin).toBeUndefined();
  });
});
