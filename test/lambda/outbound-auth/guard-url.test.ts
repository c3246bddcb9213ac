import type { LookupAddress } from 'node:dns';
import { isIPv6 } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CompiledMcp } from '../../../config/compiled-mcp.ts';
import { createUrlGuard, privateUrlsOf, type ResolveAll } from '../../../lambda/outbound-auth/guard-url.ts';
import { createSend } from '../../../lambda/providers/send.ts';
import { type Loopback, listen } from '../../support/loopback.ts';

/** A resolver of names that are made up; each call takes the next answer of its name. */
const resolver = (answers: Readonly<Record<string, readonly (readonly string[])[]>>): ResolveAll => {
  const left = new Map(Object.entries(answers).map(([name, lists]) => [name, [...lists]]));
  return (name, _options, done) => {
    const lists = left.get(name) ?? [];
    const list = lists.length > 1 ? lists.shift() : lists[0];
    if (list === undefined) return done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);
    done(
      null,
      list.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 })),
    );
  };
};

const LIMITS = { connectMs: 500, firstByteMs: 500, idleMs: 500 };
let server: Loopback;
let port: number;
let hits = 0;

beforeAll(async () => {
  server = await listen((_request, response) => {
    hits++;
    response.end('secret');
  });
  port = Number(new URL(server.url).port);
});
afterAll(() => server.close());

/** As a target is asked: the URL judged, then the request sent over connections that judge every address. */
const ask = async (url: string, options: { resolve?: ResolveAll; privateUrls?: readonly string[] } = {}) => {
  const { resolve, privateUrls = [] } = options;
  const guard = createUrlGuard(privateUrls, resolve);
  await guard.guardUrl(url, { privateHost: privateUrls.length > 0 });
  const send = createSend({ lookup: guard.lookup });
  const answer = await send({ method: 'GET', url, headers: {} }, LIMITS, new AbortController().signal);
  for await (const _ of answer.body);
  return answer.status;
};

const BLOCKED = { code: 'upstream_unreachable', detail: { reason: 'address_blocked' } };

/** PORT is that of a server that is really there. */
const SPELLINGS = [
  // loopback, by address
  'https://127.0.0.1:PORT/',
  'http://127.0.0.1:PORT/',
  'https://127.1:PORT/',
  'https://127.0.1:PORT/',
  'https://127.255.255.254:PORT/',
  'https://2130706433:PORT/',
  'https://0x7f000001:PORT/',
  'https://0x7f.0.0.1:PORT/',
  'https://0177.0.0.1:PORT/',
  'https://017700000001:PORT/',
  'https://127.0.0.1.:PORT/',
  'https://127。0。0。1:PORT/',
  'https://①②⑦.⓪.⓪.①:PORT/',
  'https://１２７.０.０.１:PORT/',
  'https://%31%32%37.0.0.1:PORT/',
  'https:\\\\127.0.0.1:PORT\\',
  'https:127.0.0.1:PORT',
  'HTTPS://127.0.0.1:PORT/',
  ' https://127.0.0.1:PORT/',
  'https://127.0.0.1\t:PORT/',
  'https://0:PORT/',
  'https://0.0.0.0:PORT/',
  'https://[::1]:PORT/',
  'https://[0:0:0:0:0:0:0:1]:PORT/',
  'https://[::]:PORT/',
  'https://[::ffff:127.0.0.1]:PORT/',
  'https://[::ffff:7f00:1]:PORT/',
  'https://[::127.0.0.1]:PORT/',
  'https://[64:ff9b::127.0.0.1]:PORT/',
  'https://[64:ff9b:1::7f00:1]:PORT/',
  'https://[2002:7f00:1::]:PORT/',
  'https://[2001:0:7f00:1::]:PORT/',
  // loopback, by name
  'https://localhost:PORT/',
  'https://LOCALHOST:PORT/',
  'https://localhost.:PORT/',
  'https://ⓛocalhost:PORT/',
  'https://loc%61lhost:PORT/',
  'https://foo.localhost:PORT/',
  'https://printer.local/',
  'https://gateway/',
  // metadata, task credentials, the runtime API
  'https://169.254.169.254/latest/meta-data/',
  'https://2852039166/',
  'https://0xa9fea9fe/',
  'https://0251.0376.0251.0376/',
  'https://169.254.43518/',
  'https://169.254.170.2/v2/credentials',
  'https://169.254.170.23/',
  'https://169.254.100.1:9001/2018-06-01/runtime/invocation/next',
  'https://127.0.0.1:9001/2018-06-01/runtime/invocation/next',
  'https://[fd00:ec2::254]/',
  'https://[::ffff:169.254.169.254]/',
  'https://[::ffff:a9fe:a9fe]/',
  'https://metadata.google.internal/',
  'https://metadata.google.internal./',
  'https://instance-data/latest/',
  'https://100.100.100.200/',
  'https://168.63.129.16/',
  'https://192.0.0.192/',
  // networks around us, and addresses of nobody
  'https://10.0.0.5/',
  'https://172.16.0.1/',
  'https://172.31.255.255/',
  'https://192.168.1.1/',
  'https://100.64.0.1/',
  'https://[fc00::1]/',
  'https://[fd12:3456::1]/',
  'https://[fe80::1]/',
  'https://[fec0::1]/',
  'https://[ff02::1]/',
  'https://224.0.0.1/',
  'https://255.255.255.255/',
  'https://198.18.0.1/',
  'https://[2001:db8::1]/',
  // not what it seems, or not https
  'https://mcp.example@127.0.0.1:PORT/',
  'https://user:password@mcp.example/',
  'https://mcp.example\\@127.0.0.1:PORT/',
  'http://mcp.example/',
  'ftp://mcp.example/',
  'file:///etc/passwd',
  'gopher://127.0.0.1:PORT/',
  'data:text/plain,hello',
  'unix:/var/run/docker.sock',
  '//127.0.0.1:PORT/',
  'https://[fe80::1%25eth0]/',
  'https://1.2.3.4.5/',
  'https:///',
  '',
];

describe('a URL that the policy does not name', () => {
  test.each(SPELLINGS)('is not asked: %j', async (spelling) => {
    const before = hits;
    const anything = resolver({ 'mcp.example\\@127.0.0.1': [['127.0.0.1']], 'mcp.example': [['127.0.0.1']] });
    await expect(ask(spelling.replaceAll('PORT', String(port)), { resolve: anything })).rejects.toMatchObject(BLOCKED);
    expect(hits).toBe(before);
  });

  test('there are at least sixty of them', () => expect(new Set(SPELLINGS).size).toBeGreaterThanOrEqual(60));

  test.each([
    'https://mcp.example/mcp',
    'https://8.8.8.8/',
    'https://[2606:4700::1111]/',
    'https://mcp.example.:8443/',
  ])('is let through when it leads to the internet: %s', async (url) => {
    await createUrlGuard([]).guardUrl(url, { privateHost: false });
  });
});

const LOOPBACK_V6 = '::1';

describe('a name', () => {
  test.each([
    ['loopback', '127.0.0.1'],
    ['loopback of IPv6', LOOPBACK_V6],
    ['a mapped loopback', '::ffff:127.0.0.1'],
    ['a scoped address', 'fe80::1%lo'],
    ['a private network', '10.1.2.3'],
    ['metadata', '169.254.169.254'],
    ['NAT64', '64:ff9b::7f00:1'],
  ])('that leads to %s is not connected to', async (_where, address) => {
    const before = hits;
    const resolve = resolver({ 'mcp.example': [[address]] });
    await expect(ask(`https://mcp.example:${port}/`, { resolve })).rejects.toMatchObject(BLOCKED);
    expect(hits).toBe(before);
  });

  test('that leads elsewhere the second time it is asked gains nothing', async () => {
    const resolve = resolver({ 'mcp.example': [['8.8.8.8'], ['127.0.0.1']] });
    const { lookup } = createUrlGuard([], resolve);
    const look = () =>
      new Promise<unknown>((done) =>
        lookup('mcp.example', { all: true }, (error, found) => done(error?.code ?? (found as LookupAddress[])[0])),
      );
    expect(await look()).toEqual({ address: '8.8.8.8', family: 4 });
    expect(await look()).toBe('address_blocked');
    expect(await look()).toBe('address_blocked');
  });

  test('with some good addresses is connected to at those alone', async () => {
    const resolve = resolver({ 'mcp.example': [['127.0.0.1', '8.8.8.8', '64:ff9b::808:808']] });
    const { lookup } = createUrlGuard([], resolve);
    const all = await new Promise((done) => lookup('mcp.example', { all: true }, (_error, found) => done(found)));
    const one = await new Promise((done) =>
      lookup('mcp.example', {}, (_error, found, family) => done([found, family])),
    );
    expect(all).toEqual([{ address: '8.8.8.8', family: 4 }]);
    expect(one).toEqual(['8.8.8.8', 4]);
  });

  test('that nobody knows is unreachable, which is another thing', async () => {
    await expect(ask('https://nowhere.example/', { resolve: resolver({}) })).rejects.toMatchObject({
      code: 'upstream_unreachable',
      detail: { reason: 'ENOTFOUND' },
    });
  });
});

describe('a host that the policy names as private', () => {
  test('is asked, over plain http too', async () => {
    const resolve = resolver({ 'mcp.internal': [['127.0.0.1']] });
    const url = `http://mcp.internal:${port}/`;
    expect(await ask(url, { privateUrls: [url], resolve })).toBe(200);
    expect(await ask(server.url, { privateUrls: [server.url] })).toBe(200);
  });

  test('does not open its neighbours', async () => {
    const resolve = resolver({ 'other.internal': [['127.0.0.1']] });
    const privateUrls = [`http://mcp.internal:${port}/`];
    await expect(ask(`http://other.internal:${port}/`, { privateUrls, resolve })).rejects.toMatchObject(BLOCKED);
  });

  test('is never the metadata service, the runtime API or nobody', async () => {
    const { guardUrl } = createUrlGuard([]);
    for (const url of [
      'http://169.254.169.254/',
      'http://169.254.170.2/',
      'http://127.0.0.1:9001/',
      'http://localhost:9001/',
      'http://[::1]:9001/',
      'http://metadata.google.internal/',
      'http://[::ffff:10.0.0.1]/',
      'http://0.0.0.0/',
    ]) {
      await expect(guardUrl(url, { privateHost: true })).rejects.toMatchObject(BLOCKED);
    }
    const resolve = resolver({ 'a.internal': [['169.254.169.254']], 'b.internal': [['127.0.0.1']] });
    for (const url of ['https://a.internal/', 'https://b.internal:9001/']) {
      await expect(ask(url, { privateUrls: [url], resolve })).rejects.toMatchObject(BLOCKED);
    }
  });

  test('is not reached over plain http where it leads to the internet', async () => {
    const resolve = resolver({ 'mcp.internal': [['8.8.8.8']] });
    const url = 'http://mcp.internal/';
    await expect(ask(url, { privateUrls: [url], resolve })).rejects.toMatchObject(BLOCKED);
    await expect(createUrlGuard([]).guardUrl('http://8.8.8.8/', { privateHost: true })).rejects.toMatchObject(BLOCKED);
  });
});

test('the private URLs of a policy are its private servers, its token endpoints, its issuers and their keys', () => {
  const tokenUrl = 'https://login.internal/token';
  const base = {
    trusted: false,
    onFailure: 'skip',
    timeouts: { connectMs: 1, firstByteMs: 1, totalMs: 1 },
    concurrency: 1,
    catalogTtlMs: 1,
  } as const;
  const none = { type: 'none' } as const;
  const service = { type: 'client-credentials', tokenUrl, scopes: [], client: 'service' } as const;
  const mcp: CompiledMcp = {
    routes: [],
    servers: {
      open: {
        ...base,
        name: 'open',
        type: 'http',
        era: 'auto',
        url: 'https://open.example/',
        privateHost: false,
        credential: none,
      },
      near: {
        ...base,
        name: 'near',
        type: 'openapi',
        baseUrl: 'http://near.internal/',
        tools: [],
        privateHost: true,
        credential: none,
      },
      asked: {
        ...base,
        name: 'asked',
        type: 'http',
        era: 'auto',
        url: 'https://asked.example/',
        privateHost: false,
        credential: none,
        listCredential: service,
      },
    },
  };
  const okta = {
    name: 'okta',
    kind: 'okta',
    issuer: 'https://acme.okta.com',
    audiences: [],
    algorithms: [],
    clockSkewSeconds: 0,
    claims: {},
  } as const;
  const jwksUri = 'https://keys.internal/jwks';
  const identity = {
    apiKeys: [],
    providers: [okta, { ...okta, name: 'other', issuer: 'https://id.example', jwksUri }],
  };
  expect(privateUrlsOf({ mcp, identity })).toEqual([
    'http://near.internal/',
    tokenUrl,
    'https://acme.okta.com',
    'https://id.example',
    jwksUri,
  ]);
});
