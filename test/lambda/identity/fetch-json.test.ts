import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fetchJson } from '../../../lambda/identity/fetch-json.ts';
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
