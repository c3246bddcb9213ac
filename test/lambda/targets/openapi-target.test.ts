import { readFileSync } from 'node:fs';
import type http from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { CompiledOpenApiServer } from '../../../config/compiled-mcp.ts';
import { compileOpenApi } from '../../../config/openapi/compile-openapi.ts';
import { systemClock } from '../../../lambda/core/clock.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import type { CredentialOptions } from '../../../lambda/outbound-auth/outbound-auth.ts';
import type { OutgoingRequest } from '../../../lambda/providers/send.ts';
import { createSend } from '../../../lambda/providers/send.ts';
import { createOpenApiTarget, type OpenApiTargetPorts } from '../../../lambda/targets/openapi-target.ts';
import { type McpTarget, TargetError } from '../../../lambda/targets/target.ts';
import { type Petstore, startPetstore } from '../../../local/petstore/start-petstore.ts';
import { type Loopback, listen } from '../../support/loopback.ts';
import { bodyOf, compile } from '../../support/openapi.ts';
import { contextOf } from './target-context.ts';

type Json = Record<string, unknown>;

const send = createSend();
const text = { type: 'string' };

const serverOf = (
  baseUrl: string,
  tools: CompiledOpenApiServer['tools'],
  changes: Partial<CompiledOpenApiServer> = {},
): CompiledOpenApiServer => ({
  type: 'openapi',
  name: 'api',
  baseUrl,
  tools,
  trusted: false,
  onFailure: 'skip',
  credential: { type: 'none' },
  timeouts: { connectMs: 1_000, firstByteMs: 1_000, totalMs: 2_000 },
  concurrency: 4,
  catalogTtlMs: 60_000,
  privateHost: true,
  ...changes,
});

const noAuth = (): ReturnType<OpenApiTargetPorts['auth']> => ({ perUser: false, headers: async () => ({}) });
const portsWith = (changes: Partial<OpenApiTargetPorts> = {}): OpenApiTargetPorts => ({
  send,
  clock: systemClock,
  guardUrl: async () => {},
  auth: noAuth,
  ...changes,
});

const callOf = (target: McpTarget, name: string, args?: Json, changes = {}) =>
  target.request(
    'tools/call',
    { name, ...(args === undefined ? {} : { arguments: args }) },
    contextOf('jane', changes),
  );

const textOf = (result: Readonly<Record<string, unknown>>): unknown => (result.content as [Json])[0].text;

describe('the petstore', () => {
  let store: Petstore;
  let target: McpTarget;
  const { tools } = compileOpenApi(readFileSync('policies/petstore.yaml', 'utf8'), { serverName: 'petstore' });

  beforeAll(async () => {
    store = await startPetstore({ port: 0, token: 'let-me-in-please' }, systemClock);
    const auth = () => ({ perUser: false, headers: async () => ({ authorization: 'Bearer let-me-in-please' }) });
    target = createOpenApiTarget(serverOf(store.url, tools), portsWith({ auth }));
  });
  afterAll(() => store.close());

  test('its tools are listed as they were compiled, and it has nothing else', async () => {
    expect((await target.list('tools/list', contextOf())).items).toEqual(tools.map(({ definition }) => definition));
    expect((await target.list('resources/list', contextOf())).items).toEqual([]);
    expect(target.perUser).toBe(false);
  });

  test('a list, narrowed down', async () => {
    const result = await callOf(target, 'list_pets', { status: ['available', 'reserved'], label: ['calm', 'old'] });
    expect(result.structuredContent).toEqual({
      result: [{ id: 2, name: 'Blaise', kind: 'tortoise', status: 'available', labels: ['calm', 'old'] }],
    });
    expect(JSON.parse(String(textOf(result)))).toHaveLength(1);
  });

  test('something added, changed, looked at and taken away', async () => {
    const made = await callOf(target, 'create_pet', { name: 'Flo', kind: 'fish', status: 'available' });
    const { id } = made.structuredContent as { id: number };
    expect(await callOf(target, 'update_pet', { id, status: 'sold' })).toMatchObject({
      structuredContent: { name: 'Flo', status: 'sold' },
    });
    const photo = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 255]).toString('base64');
    expect(textOf(await callOf(target, 'set_pet_photo', { id, body: photo }))).toBe('OK');
    expect((await callOf(target, 'get_pet_photo', { id })).content).toEqual([
      { type: 'image', data: photo, mimeType: 'image/png' },
    ]);
    expect(textOf(await callOf(target, 'delete_pet', { id }))).toBe('OK');
    expect(await callOf(target, 'get_pet', { id })).toMatchObject({
      isError: true,
      content: [{ text: 'HTTP 404: {"title":"no such pet"}' }],
    });
  });

  test('a form, and an object that holds itself', async () => {
    const made = await callOf(target, 'create_order', { pet: 1, note: 'a & b=c +1' });
    expect(made.structuredContent).toEqual({ number: '1001', pet: 1, note: 'a & b=c +1' });
    expect((await callOf(target, 'get_pet_ancestors', { id: 3 })).structuredContent).toMatchObject({
      name: 'Cleo',
      parents: [{ name: 'Ada' }, { name: 'Blaise' }],
    });
  });

  test('what the API finds wrong is a result that the model can learn from', async () => {
    const result = await callOf(target, 'create_pet', { name: 'Flo', kind: 'dragon', status: 'available' });
    expect(result).toMatchObject({ isError: true, _meta: { 'gatehouse/status': 422 } });
    expect(textOf(result)).toBe('HTTP 422: {"title":"kind"}');
  });
});

describe('O8: how values are written', () => {
  const sentBy = async (operation: Json, args: Json, at: { path?: string; method?: string } = {}) => {
    const { path = '/things', method = 'get' } = at;
    const { tools } = compile({ [path]: { [method]: { operationId: 'it', ...operation } } });
    const sent: OutgoingRequest[] = [];
    const ports = portsWith({
      send: async (request) => {
        sent.push(request);
        return { status: 204, headers: {}, body: Object.assign((async function* () {})(), { destroy: () => {} }) };
      },
    });
    const result = await callOf(createOpenApiTarget(serverOf('https://api.example/v2/', tools), ports), 'it', args);
    return { request: sent[0], result };
  };
  const urlOf = async (operation: Json, args: Json, path?: string): Promise<string | undefined> =>
    (await sentBy(operation, args, path === undefined ? {} : { path })).request?.url.replace(
      'https://api.example/v2',
      '',
    );

  const blue = ['blue', 'bl/ack'];
  const color = { R: 100, G: 'a b' };
  const array = { type: 'array', items: text };
  const object = { type: 'object', properties: { R: { type: 'integer' }, G: text } };
  const inQuery = (schema: object, rest: object = {}) => ({
    parameters: [{ name: 'color', in: 'query', schema, ...rest }],
  });
  const inPath = (schema: object, rest: object = {}) => ({
    parameters: [{ name: 'color', in: 'path', schema, ...rest }],
  });

  test.each([
    [inQuery(text), 'a b&c=d#e?f+', '?color=a%20b%26c%3Dd%23e%3Ff%2B'],
    [inQuery(text, { allowReserved: true }), 'a&b=c', '?color=a%26b%3Dc'],
    [inQuery(array), blue, '?color=blue&color=bl%2Fack'],
    [inQuery(array, { explode: false }), ['a,b', 'c'], '?color=a%2Cb,c'],
    [inQuery(array, { style: 'spaceDelimited', explode: false }), blue, '?color=blue%20bl%2Fack'],
    [inQuery(array, { style: 'pipeDelimited', explode: false }), blue, '?color=blue%7Cbl%2Fack'],
    [inQuery(object), color, '?R=100&G=a%20b'],
    [inQuery(object, { explode: false }), color, '?color=R,100,G,a%20b'],
    [inQuery(object, { style: 'deepObject' }), color, '?color%5BR%5D=100&color%5BG%5D=a%20b'],
    [inQuery({ type: 'boolean' }), true, '?color=true'],
    [inQuery(array), [], ''],
    [inQuery(text), null, ''],
    [inQuery(text), '', '?color='],
  ])('O8: query %j', async (operation, value, expected) => {
    expect(await urlOf(operation, { color: value })).toBe(`/things${expected}`);
  });

  test('O8: a value whose parameter is JSON is JSON', async () => {
    const parameters = [{ name: 'q', in: 'query', content: { 'application/json': { schema: object } } }];
    expect(await urlOf({ parameters }, { q: { a: [1] } })).toBe('/things?q=%7B%22a%22%3A%5B1%5D%7D');
  });

  test.each([
    [inPath(text), 'a b;c=d', 'a%20b%3Bc%3Dd'],
    [inPath(array), ['a', 'b,c'], 'a,b%2Cc'],
    [inPath(object), color, 'R,100,G,a%20b'],
    [inPath(object, { explode: true }), color, 'R=100,G=a%20b'],
    [inPath(text, { style: 'label' }), 'a', '.a'],
    [inPath(array, { style: 'label', explode: true }), ['a', 'b'], '.a.b'],
    [inPath(text, { style: 'matrix' }), 'a', ';color=a'],
    [inPath(array, { style: 'matrix' }), ['a', 'b'], ';color=a,b'],
    [inPath(array, { style: 'matrix', explode: true }), ['a', 'b'], ';color=a;color=b'],
    [inPath(object, { style: 'matrix', explode: true }), color, ';R=100;G=a%20b'],
    [inPath(text), 'v1..v2', 'v1..v2'],
    [inPath(text), 'größe 🐢', 'gr%C3%B6%C3%9Fe%20%F0%9F%90%A2'],
  ])('O8: path %j', async (operation, value, expected) => {
    expect(await urlOf(operation, { color: value }, '/things/{color}/x')).toBe(`/things/${expected}/x`);
  });

  test('O8: headers and cookies', async () => {
    const parameters = [
      { name: 'X-Ids', in: 'header', schema: array },
      { name: 'X-Color', in: 'header', schema: object, explode: true },
      { name: 'X-Ok', in: 'header', schema: { type: 'boolean' } },
    ];
    const { request } = await sentBy({ parameters }, { 'X-Ids': ['a', 'b'], 'X-Color': color, 'X-Ok': false });
    expect(request?.headers).toMatchObject({ 'x-ids': 'a,b', 'x-color': 'R=100,G=a b', 'x-ok': 'false' });
  });

  test.each([
    ['application/json', { a: 'x', b: [1], c: null }, '{"a":"x","b":[1],"c":null}'],
    ['application/merge-patch+json', { a: null }, '{"a":null}'],
    ['application/x-www-form-urlencoded', { a: 'x y&z', b: ['1', '2'], c: { d: 'e' } }, 'a=x+y%26z&b=1&b=2&c%5Bd%5D=e'],
  ])('O8: a body of %s', async (type, args, expected) => {
    const { request } = await sentBy(bodyOf({ type: 'object', properties: { a: {}, b: {}, c: {} } }, type), args, {
      method: 'post',
    });
    expect(request?.body).toBe(expected);
    expect(request?.headers['content-type']).toBe(type);
  });

  test('O8: a form whose document says how lists are written', async () => {
    const content = {
      'application/x-www-form-urlencoded': {
        schema: { type: 'object', properties: { expand: array, ids: array } },
        encoding: { expand: { style: 'deepObject', explode: true }, ids: { explode: false } },
      },
    };
    const { request } = await sentBy(
      { requestBody: { content } },
      { expand: ['a', 'b'], ids: ['1', '2'] },
      { method: 'post' },
    );
    expect(request?.body).toBe('expand%5B0%5D=a&expand%5B1%5D=b&ids=1,2');
  });

  test('O8: files go out as bytes, and no content can end its part', async () => {
    const properties = { 'no"te\r\n': text, photo: { type: 'string', contentMediaType: 'application/octet-stream' } };
    const { request } = await sentBy(
      bodyOf({ type: 'object', properties }, 'multipart/form-data'),
      { no_te: 'a\r\n--x\r\nb', photo: Buffer.from([0, 255, 13, 10]).toString('base64') },
      { method: 'post' },
    );
    const [, boundary = ''] = /boundary=(\S+)$/.exec(request?.headers['content-type'] ?? '') ?? [];
    const form = await new Response(Buffer.from(request?.bytes ?? []), {
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    }).formData();
    expect([...form.keys()]).toEqual(['no"te\r\n', 'photo']);
    expect(form.get('no"te\r\n')).toBe('a\r\n--x\r\nb');
    expect(new Uint8Array(await (form.get('photo') as File).arrayBuffer())).toEqual(new Uint8Array([0, 255, 13, 10]));
  });

  test('O8: a body that may be left out is, when no argument is part of it', async () => {
    const content = { 'application/json': { schema: { type: 'object', properties: { a: text } } } };
    const { request } = await sentBy({ requestBody: { content } }, {}, { method: 'post' });
    expect(request).not.toHaveProperty('body');
    expect(request?.headers).not.toHaveProperty('content-type');
  });

  test.each([
    [2 ** 60, 'color is a number with too many digits: write it as text'],
    ['\uD800', 'color is not valid Unicode'],
    [{ a: 1 }, 'color takes one plain value'],
    [['a'], 'color takes one plain value'],
  ])('O8: %j is refused, and the model told', async (value, says) => {
    const { request, result } = await sentBy(inQuery(text), { color: value });
    expect(request).toBeUndefined();
    expect(result).toEqual({ content: [{ type: 'text', text: says }], isError: true });
  });

  test('O8: an argument that the tool has not, and one that is missing', async () => {
    const operation = inQuery(text, { required: true });
    expect(textOf((await sentBy(operation, { color: 'a', colour: 'b' })).result)).toBe(
      'an argument is not known; there are: color',
    );
    expect(textOf((await sentBy(operation, {})).result)).toBe('missing: color');
    expect(textOf((await sentBy(operation, { color: null })).result)).toBe('missing: color');
  });

  test('O8: an exploded object can not become another parameter', async () => {
    const open = { type: 'object', additionalProperties: text };
    const parameters = [
      { name: 'where', in: 'query', schema: open },
      { name: 'admin', in: 'query', schema: text },
    ];
    expect((await sentBy({ parameters }, { where: { admin: '1' } })).request).toBeUndefined();
    expect((await sentBy(inQuery(object), { color: { R: 1, admin: 1 } })).request).toBeUndefined();
    expect((await sentBy({ parameters }, { where: { 'a&admin': '1' } })).request?.url).toContain('?a%26admin=1');
  });

  describe('GHSA-v2x6-wwfw-r2rq: a path argument stays the part of a segment', () => {
    test.each([
      '../../admin',
      '..',
      '.',
      '...',
      ' .. ',
      '..;',
      '..;/admin',
      '%2e%2e%2f',
      '%2e%2e',
      '%252e%252e%252f',
      '..%2fadmin',
      '..%5cadmin',
      '%c0%ae%c0%ae%c0%af',
      'a/b',
      'a\\b',
      'a%2Fb',
      '',
      '\u2024\u2024',
      '．．',
      'a／b',
      'a\u2215b',
      'a\u2044b',
      'a\r\nX-Admin: 1',
      'a\u0000b',
      ['..', '..'],
      { '..': '..' },
      ['a', 'b/../c'],
      [],
      {},
      null,
    ])('%j is refused', async (value) => {
      for (const schema of [text, {}]) {
        const { request, result } = await sentBy(inPath(schema), { color: value }, { path: '/things/{color}/x' });
        expect(request).toBeUndefined();
        expect(result.isError).toBe(true);
      }
    });

    test.each([
      ['a?x=1&y=2#', 'a%3Fx%3D1%26y%3D2%23'],
      [';admin=true', '%3Badmin%3Dtrue'],
      ['a:b@c', 'a%3Ab%40c'],
      ['//evil.example', undefined],
      ['@evil.example', '%40evil.example'],
      ["'()*!", '%27%28%29%2A%21'],
    ])('%j is %s', async (value, expected) => {
      const url = await urlOf(inPath(text), { color: value }, '/things/{color}');
      expect(url).toBe(expected === undefined ? undefined : `/things/${expected}`);
    });

    test('two arguments in one segment can not make two dots', async () => {
      const parameters = ['a', 'b'].map((name) => ({ name, in: 'path', schema: text, style: 'label' }));
      const { request } = await sentBy({ parameters: parameters.slice(0, 1) }, { a: '.' }, { path: '/x/{a}' });
      expect(request).toBeUndefined();
      const whole = await sentBy({ parameters }, { a: '', b: '' }, { path: '/x/{a}{b}' });
      expect(whole.request).toBeUndefined();
    });

    test.each(['a\r\nx-admin: 1', 'a\nb', 'a\u0000', 'ä', '\u2028'])(
      'a header argument %j is refused',
      async (value) => {
        const parameters = [{ name: 'X-Note', in: 'header', schema: text }];
        expect((await sentBy({ parameters }, { 'X-Note': value })).request).toBeUndefined();
        expect(
          (await sentBy({ parameters: [{ ...parameters[0], schema: array }] }, { 'X-Note': [value] })).request,
        ).toBeUndefined();
      },
    );

    test('a header argument can not stand in place of the credential, whatever the credential is called', async () => {
      const { tools } = compile({
        '/a': { get: { operationId: 'it', parameters: [{ name: 'X-Key', in: 'header', schema: text }] } },
      });
      const sent: unknown[] = [];
      const ports = portsWith({
        auth: () => ({ perUser: false, headers: async () => ({ 'x-key': 'ours' }) }),
        send: async (request) => {
          sent.push(request);
          throw new Refusal('internal');
        },
      });
      const result = await callOf(createOpenApiTarget(serverOf('https://api.example', tools), ports), 'it', {
        'X-Key': 'mine',
      });
      expect(result.isError).toBe(true);
      expect(sent).toEqual([]);
    });

    test.each(['authorization', 'Host', 'cookie', 'x-forwarded-for'])(
      'the header %s is not sent even where a tool was compiled with it',
      async (name) => {
        const [tool] = compile({
          '/a': { get: { operationId: 'it', parameters: [{ name: 'x-a', in: 'header', schema: text }] } },
        }).tools;
        const tampered = tool && { ...tool, parameters: tool.parameters.map((one) => ({ ...one, name })) };
        const target = createOpenApiTarget(serverOf('https://api.example', tampered ? [tampered] : []), portsWith());
        expect(textOf(await callOf(target, 'it', { 'x-a': 'evil' }))).toBe('x-a may not be sent');
      },
    );
  });
});

describe('O11: what answers become', () => {
  let api: Loopback | undefined;
  afterEach(async () => api?.close());

  const answerOf = async (
    answer: http.RequestListener,
    { wrapped = false, ...ports }: Partial<OpenApiTargetPorts> & { wrapped?: boolean } = {},
    changes: Partial<CompiledOpenApiServer> = {},
  ) => {
    api = await listen(answer);
    const schema = wrapped ? { type: 'array', items: text } : {};
    const responses = { 200: { content: { 'application/json': { schema } } } };
    const { tools } = compile({ '/a': { get: { operationId: 'it', responses }, post: { operationId: 'do' } } });
    const target = createOpenApiTarget(serverOf(api.url, tools, changes), portsWith(ports));
    return { target, call: (name = 'it') => callOf(target, name) };
  };
  const give =
    (status: number, body: string | Buffer, headers: http.OutgoingHttpHeaders = {}): http.RequestListener =>
    (_, response) => {
      response.writeHead(status, headers).end(body);
    };
  const json = { 'content-type': 'application/json' };

  test('O11: an object is structured content, and its text is as the API wrote it', async () => {
    const { call } = await answerOf(give(200, '{ "a": 1.0, "big": 12345678901234567890 }', json));
    const result = await call();
    expect(textOf(result)).toBe('{ "a": 1.0, "big": 12345678901234567890 }');
    expect(JSON.stringify(result.structuredContent)).toBe('{"a":1,"big":12345678901234567890}');
  });

  test.each([
    ['[1]', { result: [1] }],
    ['"a"', { result: 'a' }],
    ['null', { result: null }],
  ])('O11: %s is wrapped', async (body, structuredContent) => {
    expect((await (await answerOf(give(200, body, json))).call()).structuredContent).toEqual(structuredContent);
  });

  test('O11: a tool that promised to wrap does, whatever comes', async () => {
    const { call } = await answerOf(give(200, '{"a":1}', json), { wrapped: true });
    expect((await call()).structuredContent).toEqual({ result: { a: 1 } });
  });

  test.each([
    ['text/csv', 'a,b', { type: 'text', text: 'a,b' }],
    ['application/xml', '<a/>', { type: 'text', text: '<a/>' }],
    ['image/svg+xml', '<svg/>', { type: 'text', text: '<svg/>' }],
    ['text/plain; charset=iso-8859-1', Buffer.from([0xe4]), { type: 'text', text: 'ä' }],
    ['application/json', '{broken', { type: 'text', text: '{broken' }],
    ['audio/wav', Buffer.from([1]), { type: 'audio', data: 'AQ==', mimeType: 'audio/wav' }],
    [
      'application/pdf',
      Buffer.from([1]),
      { type: 'resource', resource: { uri: 'openapi://api/it', mimeType: 'application/pdf', blob: 'AQ==' } },
    ],
  ])('O11: %s', async (type, body, block) => {
    expect((await (await answerOf(give(200, body, { 'content-type': type }))).call()).content).toEqual([block]);
  });

  test('O11: no content is OK', async () => {
    expect(await (await answerOf(give(204, ''))).call()).toEqual({ content: [{ type: 'text', text: 'OK' }] });
  });

  test('O11: 429 keeps when to try again', async () => {
    expect(await (await answerOf(give(429, '', { 'retry-after': '7' }))).call()).toEqual({
      content: [{ type: 'text', text: 'HTTP 429 (try again in 7 seconds)' }],
      isError: true,
      _meta: { 'gatehouse/status': 429, 'gatehouse/retryAfterSeconds': 7 },
    });
  });

  test('O11: an error says why in a bounded, visible line; a page for people says nothing', async () => {
    const long = await (
      await answerOf(give(500, `a\u001b[31m\r\n${'b'.repeat(9_000)}`, { 'content-type': 'text/plain' }))
    ).call();
    expect(String(textOf(long))).toMatch(/^HTTP 500: a \[31m b+…$/);
    expect(String(textOf(long)).length).toBeLessThan(2_050);
    await api?.close();
    const page = await (await answerOf(give(502, '<h1>nginx 1.2</h1>', { 'content-type': 'text/html' }))).call();
    expect(textOf(page)).toBe('HTTP 502');
  });

  test('O11: a redirect is not followed, and where it leads is not told', async () => {
    const paths: unknown[] = [];
    const { call } = await answerOf((request, response) => {
      paths.push(request.url);
      response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end();
    });
    expect(textOf(await call())).toBe('HTTP 302: the API redirects, which is not followed');
    expect(paths).toEqual(['/a']);
  });

  test('G23: what the API says of our credential is not told', async () => {
    const forbidden = await (
      await answerOf(give(403, 'account 123 lacks the role', { 'content-type': 'text/plain' }))
    ).call();
    expect(textOf(forbidden)).toBe('HTTP 403: the API does not allow this');
    await api?.close();
    const { call } = await answerOf(give(401, 'key abc is wrong', { 'www-authenticate': 'Bearer realm="theirs"' }));
    const refusal = await call().catch((thrown: unknown) => thrown);
    expect(refusal).toMatchObject({ name: 'Refusal', code: 'upstream_auth', detail: { status: 401 } });
    expect(JSON.stringify(refusal)).not.toMatch(/abc|theirs/);
  });

  test('a credential that is no longer accepted is read once more', async () => {
    const seen: unknown[] = [];
    const { call } = await answerOf(
      (request, response) => {
        seen.push(request.headers.authorization);
        response.writeHead(request.headers.authorization === 'Bearer new' ? 204 : 401).end();
      },
      {
        auth: () => ({
          perUser: false,
          headers: async (_, { fresh = false } = {}) => ({ authorization: fresh ? 'Bearer new' : 'Bearer old' }),
        }),
      },
      { credential: { type: 'static', credential: 'key', header: 'authorization', scheme: 'Bearer' } },
    );
    expect(textOf(await call())).toBe('OK');
    expect(seen).toEqual(['Bearer old', 'Bearer new']);
  });

  test('G39: a credential is asked for what the tool needs', async () => {
    const needed: unknown[] = [];
    const auth = () => ({
      perUser: true,
      headers: async (_: unknown, options: CredentialOptions = {}) => {
        needed.push(options.needed);
        return {};
      },
    });
    const securitySchemes = { oauth: { type: 'oauth2', flows: {} } };
    const read = { get: { operationId: 'read', security: [{ oauth: ['pets:read'] }] } };
    // What callers are asked for instead makes no difference to the API.
    const overrides = { read: { scopes: ['mcp:read'] } };
    const { tools } = compile({ '/pets': read }, { components: { securitySchemes } }, { overrides });
    const target = createOpenApiTarget(serverOf('http://127.0.0.1:9', tools), portsWith({ auth }));
    await expect(callOf(target, 'read')).rejects.toMatchObject({ code: 'upstream_unreachable' });
    expect(needed).toContainEqual(['pets:read']);
  });

  test('an API that repeats its headers does not give the credential away', async () => {
    const echo: http.RequestListener = (request, response) => {
      const isBad = request.method === 'POST';
      response.writeHead(isBad ? 400 : 200, json).end(JSON.stringify(request.headers));
    };
    const auth = () => ({ perUser: false, headers: async () => ({ authorization: 'Bearer s3cret-token-value' }) });
    const { call } = await answerOf(echo, { auth });
    for (const result of [await call('it'), await call('do')]) {
      expect(JSON.stringify(result)).toContain('[hidden]');
      expect(JSON.stringify(result)).not.toContain('s3cret');
    }
  });

  test('nothing of the caller is sent: no token, no header, no baggage', async () => {
    const { target } = await answerOf((request, response) => response.end(JSON.stringify(request.headers)));
    const context = contextOf('jane', {
      trace: { traceparent: '00-1-2-01', baggage: 'user=jane', tracestate: 'a\r\nb' },
    });
    const result = await target.request('tools/call', { name: 'it', _meta: { secret: 1 } }, context);
    expect(Object.keys(JSON.parse(String(textOf(result)))).toSorted()).toEqual(
      ['accept', 'accept-encoding', 'connection', 'host', 'traceparent'].toSorted(),
    );
  });

  test('an answer of more than 5 MB is not read to its end', async () => {
    const { call } = await answerOf(give(200, 'a'.repeat(6 * 1024 * 1024), { 'content-type': 'text/plain' }));
    expect(await call()).toMatchObject({
      isError: true,
      content: [{ text: 'the answer is larger than 5 MB: ask for less' }],
    });
  });

  test('an answer that nobody asked to be compressed is a fault of the API', async () => {
    const { call } = await answerOf(give(200, 'x', { ...json, 'content-encoding': 'gzip' }));
    await expect(call()).rejects.toMatchObject({ code: 'upstream_failed' });
  });

  test('JSON that is nested too deep is text only', async () => {
    const { call } = await answerOf(give(200, `${'['.repeat(500)}${']'.repeat(500)}`, json));
    expect(await call()).not.toHaveProperty('structuredContent');
  });

  test('an API that does not answer is given up in time', async () => {
    const { call } = await answerOf(() => {}, {}, { timeouts: { connectMs: 500, firstByteMs: 5_000, totalMs: 60 } });
    await expect(call()).rejects.toMatchObject({ code: 'upstream_timeout' });
  });

  test('so is one that never ends its answer', async () => {
    const drip: http.RequestListener = (_, response) => {
      response.writeHead(200, json);
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    };
    const { call } = await answerOf(drip, {}, { timeouts: { connectMs: 500, firstByteMs: 500, totalMs: 150 } });
    await expect(call()).rejects.toMatchObject({ code: 'upstream_timeout' });
  });

  test('G25: a call that may have been acted upon is not made again', async () => {
    let calls = 0;
    const { call } = await answerOf((request) => {
      calls++;
      request.socket.destroy();
    });
    await expect(call('do')).rejects.toBeInstanceOf(Refusal);
    expect(calls).toBe(1);
  });

  test('an address that may not be reached is not, and no credential is read for it', async () => {
    let isRead = false;
    const { call } = await answerOf(give(200, ''), {
      guardUrl: async () => {
        throw new Refusal('upstream_unreachable', { reason: 'private address' });
      },
      auth: () => ({
        perUser: false,
        headers: async () => {
          isRead = true;
          return {};
        },
      }),
    });
    await expect(call()).rejects.toMatchObject({ code: 'upstream_unreachable' });
    expect(isRead).toBe(false);
  });

  test('without its credential there is no call', async () => {
    let calls = 0;
    const { call } = await answerOf(
      (_, response) => {
        calls++;
        response.end();
      },
      {
        auth: () => ({
          perUser: true,
          headers: async () => {
            throw new Refusal('credential_unavailable');
          },
        }),
      },
    );
    await expect(call()).rejects.toMatchObject({ code: 'credential_unavailable' });
    expect(calls).toBe(0);
  });

  test('a tool or a method that it has not', async () => {
    const { target } = await answerOf(give(200, ''));
    await expect(callOf(target, 'IT')).rejects.toMatchObject({ code: -32602 });
    await expect(callOf(target, '__proto__')).rejects.toBeInstanceOf(TargetError);
    await expect(target.request('prompts/get', {}, contextOf())).rejects.toMatchObject({ code: -32601 });
  });
});
