import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Simulators, startSimulators } from '../../../local/simulators/start-simulators.ts';
import { ask } from './dialects.ts';

let simulators: Simulators;
beforeEach(async () => {
  simulators = await startSimulators({ port: 0, keepCalls: 3 });
});
afterEach(() => simulators.close());

describe('the simulators remember', () => {
  test('what reached them', async () => {
    await (await ask(simulators.url, 'gemini', { model: 'gemini-2.5-flash', streamed: true, key: 'k1' })).text();
    expect(simulators.calls()).toEqual([
      {
        provider: 'gemini',
        method: 'POST',
        path: '/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
        headers: expect.objectContaining({ 'x-goog-api-key': 'k1', 'content-type': 'application/json' }),
        body: { contents: [{ role: 'user', parts: [{ text: 'hello' }] }] },
        aborted: false,
      },
    ]);
  });

  test('refused calls too, and the latest only', async () => {
    for (const model of ['sim-a', 'sim-b', 'sim-429', 'sim-drop']) {
      await ask(simulators.url, 'openai', { model }).then(
        (response) => response.text(),
        () => undefined,
      );
    }
    expect(simulators.calls().map(({ body }) => (body as { model: string }).model)).toEqual([
      'sim-b',
      'sim-429',
      'sim-drop',
    ]);
  });

  test('nothing that the caller of calls() does to the list', async () => {
    await (await ask(simulators.url, 'openai', { model: 'sim-a' })).text();
    simulators.calls().pop();
    expect(simulators.calls()).toHaveLength(1);
  });
});

test('closing ends a silent connection', async () => {
  const waiting = ask(simulators.url, 'openai', { model: 'sim-slow' });
  const failed = expect(waiting).rejects.toThrow('fetch failed');
  while (simulators.calls().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await simulators.close();
  await failed;
  simulators = await startSimulators({ port: 0 });
});

test('a port that is taken is an error', async () => {
  await expect(startSimulators({ port: simulators.port })).rejects.toThrow('EADDRINUSE');
});

test.each([
  '/',
  '/openai',
  '/openai/v1/unknown',
  '/anthropic/v1/complete',
  '/gemini/v1beta/models/x:unknown',
  '/bedrock/model/x/unknown',
])('the path %s is unknown', async (path) => {
  const headers = { authorization: 'Bearer k', 'anthropic-version': '2023-06-01' };
  expect((await fetch(`${simulators.url}${path}`, { method: 'POST', headers, body: '{}' })).status).toBe(404);
});

test.each([
  ['/xai/v1/models', 'grok-4'],
  ['/anthropic/v1/models', 'claude-sonnet-4-5'],
  ['/gemini/v1beta/models', 'models/gemini-2.5-flash'],
  ['/bedrock/foundation-models', 'amazon.nova-pro-v1:0'],
])('GET %s lists %s', async (path, model) => {
  const headers = { authorization: 'Bearer k', 'anthropic-version': '2023-06-01' };
  expect(await (await fetch(`${simulators.url}${path}`, { headers })).text()).toContain(`"${model}"`);
});
