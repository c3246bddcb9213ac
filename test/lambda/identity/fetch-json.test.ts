import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createFetchJson, fetchJson } from '../../../lambda/identity/fetch-json.ts';
import { createUrlGuard } from '../../../lambda/outbound-auth/guard-url.ts';
import { json, startServer, text } from './issuer.ts';

const limits = { timeoutMs: 1_000, maxBytes: 100 };
let server: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  server = await startServer(json({ name: 'Zürich' }));
});
afterAll(() => server.close());

test('a JSON document is fetched', async () => {
  server.answerWith(json({ name: 'Zürich' }));
  expect(await fetchJson(server.url, limits)).toEqual({ name: 'Zürich' });
});

test('https is spoken where the address says https, and nothing else instead', async () => {
  server.answerWith(json({}));
  const before = server.asked.length;
  await expect(fetchJson(server.url.replace('http:', 'https:'), limits)).rejects.toThrow();
  expect(server.asked).toHaveLength(before);
});

test('a document of exactly the largest size is fetched, and one byte more is not', async () => {
  server.answerWith(text(`"${'x'.repeat(98)}"`, 'application/json'));
  expect(await fetchJson(server.url, limits)).toHaveLength(98);
  server.answerWith(text(`"${'x'.repeat(99)}"`, 'application/json'));
  await expect(fetchJson(server.url, limits)).rejects.toThrow('larger than 100 bytes');
});

test('what went wrong is said without quoting the answer', async () => {
  server.answerWith(text('canary', 'application/json'));
  await expect(fetchJson(server.url, limits)).rejects.toThrow('the answer is not JSON');
});

describe('behind a guard, a name', () => {
  const fetchAt = (address: string, privateUrls: readonly string[]) => {
    const asked: string[] = [];
    const { lookup } = createUrlGuard(privateUrls, (name, _options, done) => {
      asked.push(name);
      done(null, [{ address, family: 4 }]);
    });
    const url = `http://keys.acme.test:${new URL(server.url).port}/`;
    return { asked, answer: createFetchJson(lookup)(url, limits) };
  };

  test('that the policy names may lead to a private address', async () => {
    server.answerWith(json({ name: 'x' }));
    const { asked, answer } = fetchAt('127.0.0.1', ['http://keys.acme.test']);
    expect(await answer).toEqual({ name: 'x' });
    expect(asked).toEqual(['keys.acme.test']);
  });

  test.each([
    ['127.0.0.1', []],
    ['10.0.0.1', []],
    ['169.254.169.254', ['http://keys.acme.test']],
  ])('that leads to %s where the policy names %j is not connected to', async (address, privateUrls) => {
    const before = server.asked.length;
    await expect(fetchAt(address, privateUrls).answer).rejects.toMatchObject({ code: 'address_blocked' });
    expect(server.asked).toHaveLength(before);
  });
});
