import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Simulators, startSimulators } from '../../../local/simulators/start-simulators.ts';
import { ask, DIALECTS } from './dialects.ts';
import { untilAborted } from './until-aborted.ts';

let simulators: Simulators;
beforeAll(async () => {
  simulators = await startSimulators({ port: 0 });
});
afterAll(() => simulators.close());

const dialects = Object.keys(DIALECTS);
const both = dialects.flatMap((dialect) => [
  { dialect, streamed: false, how: 'not streamed' },
  { dialect, streamed: true, how: 'streamed' },
]);

/** What arrives until the connection ends or breaks. */
const arrives = async (response: Response): Promise<{ readonly text: string; readonly broken: boolean }> => {
  const decoder = new TextDecoder('latin1');
  let text = '';
  try {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
    return { text, broken: false };
  } catch {
    return { text, broken: true };
  }
};

/** Statuses as each provider sends them: Gemini calls a wrong key 400 but an ended token 401, Bedrock has 403 and 400. */
const STATUSES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'sim-401': { bedrock: 403 },
  'sim-429': {},
  'sim-500': {},
  'sim-503': {},
  'sim-529': {},
  'sim-quota': { anthropic: 400, bedrock: 400 },
};
const usual = (model: string) => (model === 'sim-quota' ? 429 : Number(model.slice(4)));
const ended = /"finish_reason":"|message_stop|"finishReason"|\[DONE\]|messageStop|response\.completed/;

describe.each(both)('a simulated $dialect, $how', ({ dialect, streamed }) => {
  test.each(Object.keys(STATUSES))('refuses %s in its own shape', async (model) => {
    const response = await ask(simulators.url, dialect, { model, streamed });
    expect(response.status).toBe(STATUSES[model]?.[dialect] ?? usual(model));
    const body: unknown = await response.json();
    const shapes: Readonly<Record<string, object>> = {
      anthropic: { type: 'error', error: { type: expect.any(String), message: expect.any(String) } },
      gemini: { error: { code: response.status, message: expect.any(String), status: expect.any(String) } },
      bedrock: { message: expect.any(String) },
      xai: { code: expect.any(String), error: expect.any(String) },
    };
    expect(body).toMatchObject(shapes[dialect] ?? { error: { message: expect.any(String), type: expect.any(String) } });
    if (dialect === 'bedrock') expect(response.headers.get('x-amzn-errortype')).toMatch(/^\w+Exception:/);
    if (model !== 'sim-429') return;
    if (dialect === 'gemini') expect(JSON.stringify(body)).toContain('"retryDelay":"7s"');
    else expect(response.headers.get('retry-after')).toBe('7');
  });

  test('cuts its answer in the middle', async () => {
    const { text, broken } = await arrives(await ask(simulators.url, dialect, { model: 'sim-cut', streamed }));
    expect(broken).toBe(true);
    expect(text).toContain('Hello');
    expect(text).not.toMatch(streamed ? ended : /"\}$/);
    expect(simulators.calls().at(-1)?.aborted).toBe(false);
  });

  test('drops the connection before any byte', async () => {
    await expect(ask(simulators.url, dialect, { model: 'sim-drop', streamed })).rejects.toThrow('fetch failed');
    expect(simulators.calls().at(-1)?.aborted).toBe(false);
  });

  test('stalls in the middle until the client leaves', async () => {
    const client = new AbortController();
    const response = await ask(simulators.url, dialect, { model: 'sim-stall', streamed, signal: client.signal });
    setTimeout(() => client.abort(), 60);
    const { text, broken } = await arrives(response);
    expect([text.length > 0, broken]).toEqual([true, true]);
    if (streamed) expect(text).not.toMatch(ended);
    expect(await untilAborted(simulators)).toBe(true);
  });

  test('is silent, headers included, until the client leaves', async () => {
    const signal = AbortSignal.timeout(60);
    await expect(ask(simulators.url, dialect, { model: 'sim-slow', streamed, signal })).rejects.toThrow(/timeout/);
    expect(await untilAborted(simulators)).toBe(true);
  });

  test('answers late when told how late', async () => {
    const start = performance.now();
    const response = await ask(simulators.url, dialect, { model: 'sim-slow-80', streamed });
    expect(performance.now() - start).toBeGreaterThan(70);
    expect(response.status).toBe(200);
    expect((await arrives(response)).broken).toBe(false);
  });

  test('answers with nothing', async () => {
    const response = await ask(simulators.url, dialect, { model: 'sim-empty', streamed });
    expect(response.status).toBe(200);
    expect((await arrives(response)).text).not.toContain('Hello');
  });

  test('answers with a web page', async () => {
    const response = await ask(simulators.url, dialect, { model: 'sim-html', streamed });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await response.text()).toContain('<html>');
  });

  test('fails in the middle', async () => {
    const response = await ask(simulators.url, dialect, { model: 'sim-error-mid', streamed });
    const { text, broken } = await arrives(response);
    expect([response.status, broken]).toEqual([streamed ? 200 : 500, false]);
    if (!streamed) return;
    expect(text).toContain('Hello');
    expect(text).not.toMatch(ended);
    const said: Readonly<Record<string, RegExp>> = {
      anthropic: /event: error\ndata: \{"type":"error","error":\{"type":"overloaded_error"/,
      gemini: /data: \{"error":\{"code":503/,
      bedrock: /modelStreamErrorException/,
      'openai responses': /event: response\.failed/,
    };
    expect(text).toMatch(said[dialect] ?? /data: \{"error":\{"message":.*"type":"server_error"/);
  });
});

describe.each(dialects)('a simulated %s', (dialect) => {
  test.each(['wrong-key', 'revoked-key'])('does not take the %s', async (key) => {
    const response = await ask(simulators.url, dialect, { model: 'sim-any', key });
    expect(response.status).toBe({ gemini: 400, bedrock: 403 }[dialect] ?? 401);
    if (dialect === 'gemini') expect(await response.text()).toContain('API_KEY_INVALID');
  });

  test('asks for a key', async () => {
    const { path, body } = DIALECTS[dialect] ?? {};
    const response = await fetch(`${simulators.url}${path?.('sim-any', false)}`, {
      method: 'POST',
      body: JSON.stringify(body?.('sim-any', 'hello', false)),
    });
    expect(response.status).toBe({ gemini: 403, bedrock: 403 }[dialect] ?? 401);
  });

  test('paces its stream when told to', async () => {
    const start = performance.now();
    await arrives(await ask(simulators.url, dialect, { model: 'sim-paced-10', streamed: true }));
    expect(performance.now() - start).toBeGreaterThan(60);
  });

  test('refuses a body that is not JSON', async () => {
    const { path, headers } = DIALECTS[dialect] ?? {};
    const response = await fetch(`${simulators.url}${path?.('sim-any', false)}`, {
      method: 'POST',
      headers: { ...headers?.('any-key') },
      body: '{"model":',
    });
    expect(response.status).toBe(400);
    expect(simulators.calls().at(-1)?.body).toBe('{"model":');
  });
});
