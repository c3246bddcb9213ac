import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createAgent } from '../../agent/app.ts';
import { type Loopback, listen } from '../support/loopback.ts';
import { startRawMcpServer } from '../support/raw-mcp-server.ts';
import { invocation, portsAt, settingsOf, unsigned } from './agents.ts';

const TOKEN = unsigned({ sub: 'jane', act: { sub: 'copilot' } });
const asJane = (more: Record<string, string> = {}) => ({ authorization: `Bearer ${TOKEN}`, ...more });
const SSE = { accept: 'text/event-stream' };

const open: Pick<Loopback, 'close'>[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

type Answer = (response: ServerResponse, request: IncomingMessage, body: string) => void | Promise<void>;

/** An agent, and a model that answers as told. */
const agentOn = async (answer: Answer, more: Partial<ReturnType<typeof settingsOf>> = {}) => {
  const asked: { headers: IncomingMessage['headers']; body: string }[] = [];
  const model = await listen(async (request, response) => {
    const body = await text(request);
    asked.push({ headers: request.headers, body });
    await answer(response, request, body);
  });
  open.push(model);
  const { ports, logged } = portsAt();
  return { agent: createAgent({ ...settingsOf({ LLM_URL: `${model.url}/v1` }), ...more }, ports), asked, logged };
};

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

const say =
  (...words: string[]): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const content of words) response.write(chunk({ role: 'assistant', content }));
    response.end(`${chunk({}, 'stop')}data: [DONE]\n\n`);
  };

const fail =
  (status: number): Answer =>
  (response) =>
    void response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify({ error: { message: `no: ${TOKEN}`, code: 'x' } }));

const eventsOf = async (response: Response): Promise<{ type: string; [name: string]: unknown }[]> =>
  (await response.text())
    .split('\n\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line.replace(/^data: /, '')));

describe('an invocation', () => {
  test('is answered with what the model says, and with who asked', async () => {
    const { agent, asked, logged } = await agentOn(say('one ', 'two'));
    const response = await agent(
      invocation({ prompt: 'hello' }, asJane({ 'X-Amzn-Bedrock-AgentCore-Runtime-Session-Id': 's'.repeat(33) })),
    );
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      output: 'one two',
      session: 's'.repeat(33),
      agent: 'copilot',
      identity: { sub: 'jane', inbound: 'obo', actor: 'copilot' },
    });
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${TOKEN}`]);
    expect(JSON.parse(asked[0]?.body ?? '')).toMatchObject({ model: 'smart' });
    expect(logged).toEqual([{ event: 'invocation', agent: 'copilot', inbound: 'obo', outcome: 'ok', durationMs: 0 }]);
  });

  test('streams where events are accepted, and ends with the whole answer', async () => {
    const { agent } = await agentOn(say('one ', 'two'));
    const response = await agent(invocation({ input: 'hello' }, asJane(SSE)));
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect(await eventsOf(response)).toEqual([
      { type: 'text', text: 'one ' },
      { type: 'text', text: 'two' },
      {
        type: 'done',
        output: 'one two',
        session: null,
        agent: 'copilot',
        identity: { sub: 'jane', inbound: 'obo', actor: 'copilot' },
      },
    ]);
  });

  test('passes the trace on, and only one that is one', async () => {
    const { agent, asked } = await agentOn(say('x'));
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await agent(invocation({ prompt: 'a' }, asJane({ traceparent, tracestate: 'a=b' })));
    await agent(invocation({ prompt: 'a' }, asJane({ traceparent: 'nonsense', tracestate: 'a=b' })));
    expect(asked.map(({ headers }) => [headers.traceparent, headers.tracestate])).toEqual([
      [traceparent, 'a=b'],
      [undefined, undefined],
    ]);
  });

  test.each([
    ['what is no JSON', '{', 'invalid_input'],
    ['no object', '"hello"', 'invalid_input'],
    ['no prompt', '{}', 'invalid_input'],
    ['a prompt that is no string', '{"prompt":1}', 'invalid_input'],
    ['an empty prompt', '{"prompt":" "}', 'invalid_input'],
    ['more than 100 KB', JSON.stringify({ prompt: 'x'.repeat(101 * 1024) }), 'input_too_large'],
  ])('with %s has status 200 and a typed error, and asks no model', async (_what, body, code) => {
    const { agent, asked, logged } = await agentOn(say('x'));
    const response = await agent(invocation(body, asJane()));
    expect([response.status, await response.json()]).toMatchObject([200, { error: { code } }]);
    expect([asked.length, logged.map(({ outcome }) => outcome)]).toEqual([0, [code]]);
  });

  test('of just under 100 KB is taken', async () => {
    const { agent } = await agentOn(say('x'));
    const response = await agent(invocation({ prompt: 'x'.repeat(99 * 1024) }, asJane()));
    expect(await response.json()).toMatchObject({ output: 'x' });
  });

  test('of a stranger has status 200 and a typed error, also as an event', async () => {
    const { agent, asked } = await agentOn(say('x'));
    const response = await agent(invocation({ prompt: 'hello' }));
    expect([response.status, await response.json()]).toMatchObject([200, { error: { code: 'identity_rejected' } }]);
    const streamed = await agent(invocation('not even JSON', SSE));
    expect(streamed.status).toBe(200);
    expect(await eventsOf(streamed)).toMatchObject([{ type: 'error', code: 'identity_rejected' }]);
    expect(asked).toEqual([]);
  });

  test('without a token to act with comes to nothing', async () => {
    const { ports } = portsAt();
    const agent = createAgent(settingsOf({ INBOUND: 'claims-as-headers', CLAIM_HEADERS: '{"sub":"Sub"}' }), ports);
    const response = await agent(
      invocation({ prompt: 'hello' }, { 'X-Amzn-Bedrock-AgentCore-Runtime-Custom-Sub': 'jane' }),
    );
    expect(await response.json()).toMatchObject({ error: { code: 'no_token' } });
  });
});

describe('a model that fails', () => {
  test.each([
    [401, 'not_allowed'],
    [403, 'not_allowed'],
    [429, 'rate_limited'],
    [400, 'model_failed'],
    [500, 'model_failed'],
  ])(
    'with %i is told by a code, and nothing of what it said',
    async (status, code) => {
      const { agent, logged } = await agentOn(fail(status));
      for (const headers of [asJane(), asJane(SSE)]) {
        const response = await agent(invocation({ prompt: 'hello' }, headers));
        const said = await response.text();
        expect(said).toContain(`"code":"${code}"`);
        expect(said).not.toContain('done');
        expect(said + JSON.stringify(logged)).not.toContain(TOKEN.slice(0, 12));
      }
      expect(logged.map(({ outcome }) => outcome)).toEqual([code, code]);
    },
    30_000,
  );

  test('in the middle of its answer ends the stream with an error, never with done', async () => {
    const { agent } = await agentOn((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(chunk({ role: 'assistant', content: 'half' }));
      setTimeout(() => response.destroy(), 50);
    });
    const events = await eventsOf(await agent(invocation({ prompt: 'hello' }, asJane(SSE))));
    expect(events.map(({ type }) => type)).toEqual(['text', 'error']);
  });

  test('by ending early without a reason is no whole answer', async () => {
    const { agent } = await agentOn((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(chunk({ role: 'assistant', content: 'half' }));
    });
    expect(await (await agent(invocation({ prompt: 'hello' }, asJane()))).json()).toHaveProperty('error.code');
  });

  test('by running out of tokens is no whole answer', async () => {
    const { agent } = await agentOn((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`${chunk({ role: 'assistant', content: 'half' })}${chunk({}, 'length')}data: [DONE]\n\n`);
    });
    expect(await (await agent(invocation({ prompt: 'hello' }, asJane()))).json()).toMatchObject({
      error: { code: 'cut_short' },
    });
  });

  test('by sending a redirect does not get the token to another address', async () => {
    const seen: string[] = [];
    const thief = await listen((request, response) => {
      seen.push(request.url ?? '');
      response.end();
    });
    open.push(thief);
    const { agent } = await agentOn((response) => void response.writeHead(307, { location: thief.url }).end());
    expect(await (await agent(invocation({ prompt: 'hello' }, asJane()))).json()).toHaveProperty('error.code');
    expect(seen).toEqual([]);
  });

  test('by never ending is stopped when the time is over', async () => {
    const { agent } = await agentOn(() => {}, { timeLimitMs: 200 });
    expect(await (await agent(invocation({ prompt: 'hello' }, asJane()))).json()).toMatchObject({
      error: { code: 'time_limit' },
    });
  });
});

describe('an agent that comes to no end', () => {
  test('is stopped after its turns', async () => {
    const { agent, asked } = await agentOn(
      (response) => {
        const call = {
          index: 0,
          id: `call-${asked.length}`,
          type: 'function',
          function: { name: 'nothing', arguments: '{}' },
        };
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(chunk({ role: 'assistant', tool_calls: [call] }));
        response.end(`${chunk({}, 'tool_calls')}data: [DONE]\n\n`);
      },
      { maxTurns: 3 },
    );
    expect(await (await agent(invocation({ prompt: 'hello' }, asJane()))).json()).toMatchObject({
      error: { code: 'turn_limit' },
    });
    expect(asked).toHaveLength(3);
  });
});

describe('tools that cannot be reached', () => {
  test.each([401, 403, 500])('because of %i end the invocation before a model is asked', async (status) => {
    const headers: (string | undefined)[] = [];
    const tools = await listen((request, response) => {
      headers.push(request.headers.authorization);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message: TOKEN }));
    });
    open.push(tools);
    const { agent, asked, logged } = await agentOn(say('x'), { mcpUrl: `${tools.url}/mcp` });
    const said = await (await agent(invocation({ prompt: 'hello' }, asJane()))).text();
    expect(JSON.parse(said)).toMatchObject({ error: { code: 'tools_failed' } });
    expect(said + JSON.stringify(logged)).not.toContain(TOKEN.slice(0, 12));
    expect([asked.length, headers[0]]).toEqual([0, `Bearer ${TOKEN}`]);
  });
});

describe('tools', () => {
  const initialize = () =>
    '{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}';
  const serverWith = async (...names: string[]) => {
    const server = await startRawMcpServer('tools', {
      initialize,
      'notifications/initialized': () => ({ status: 202 }),
      'tools/list': () => JSON.stringify({ tools: names.map((name) => ({ name, inputSchema: { type: 'object' } })) }),
    });
    open.push(server);
    return server;
  };

  test('are offered to the model, without those whose names would spoil all', async () => {
    const { url } = await serverWith('slack__list', 'a.b', 'x'.repeat(65), 'slack__post-it', 'slack__post_it');
    const { agent, asked } = await agentOn(say('x'), { mcpUrl: url });
    expect(await (await agent(invocation({ prompt: 'hello' }, asJane()))).json()).toMatchObject({ output: 'x' });
    const { tools } = JSON.parse(asked[0]?.body ?? '');
    expect(tools.map((tool: { function: { name: string } }) => tool.function.name)).toEqual([
      'slack__list',
      'slack__post-it',
    ]);
  });

  test('get the token of the caller and the trace, and nothing of what else came', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const server = await serverWith('slack__list');
    const { agent, asked, logged } = await agentOn(say('x'), { mcpUrl: server.url });
    const own = { workloadaccesstoken: 'own-identity', 'x-amz-bedrock-agentcore-identity-wat': 'own-identity' };
    await agent(invocation({ prompt: 'hello' }, asJane({ ...own, traceparent, 'x-other': 'own-identity' })));
    expect(server.received.map(({ headers }) => [headers.authorization, headers.traceparent])).toEqual(
      server.received.map(() => [`Bearer ${TOKEN}`, traceparent]),
    );
    expect(JSON.stringify([server.received, asked, logged])).not.toContain('own-identity');
  });

  test('that never answer are waited for until the time is over', async () => {
    const silent = await listen(() => {});
    open.push(silent);
    const { agent } = await agentOn(say('x'), { mcpUrl: silent.url, timeLimitMs: 200 });
    expect(await (await agent(invocation({ prompt: 'hello' }, asJane()))).json()).toMatchObject({
      error: { code: 'time_limit' },
    });
  });
});

describe('a caller that leaves', () => {
  test.each([['waiting'], ['reading']])('while %s ends the call of the model', async (how) => {
    const closed = Promise.withResolvers<void>();
    const { agent, logged } = await agentOn((response) => {
      response.once('close', () => closed.resolve());
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(chunk({ role: 'assistant', content: 'half' }));
    });
    const leave = new AbortController();
    const answer = agent(invocation({ prompt: 'hello' }, asJane(how === 'reading' ? SSE : {}), leave.signal));
    if (how === 'reading') {
      const reader = (await answer).body?.getReader();
      await reader?.read();
      await reader?.cancel();
    } else {
      await sleep(100);
      leave.abort();
    }
    await closed.promise;
    await sleep(20);
    expect(logged.map(({ outcome }) => outcome)).toEqual(['caller_left']);
    expect(await (await agent(new Request('http://agent/ping'))).json()).toEqual({ status: 'Healthy' });
  });
});

describe('the other paths', () => {
  test('ping says whether an invocation is under way, and nothing that keeps a session alive', async () => {
    const letGo = Promise.withResolvers<void>();
    const { agent } = await agentOn(async (response, request, body) => {
      await letGo.promise;
      await say('x')(response, request, body);
    });
    const ping = async () => (await agent(new Request('http://agent/ping'))).json();
    expect(await ping()).toEqual({ status: 'Healthy' });
    const answer = agent(invocation({ prompt: 'hello' }, asJane()));
    await sleep(20);
    expect(await ping()).toEqual({ status: 'HealthyBusy' });
    letGo.resolve();
    await answer;
    expect(await ping()).toEqual({ status: 'Healthy' });
  });

  test.each([
    ['GET', '/', 404],
    ['POST', '/invocations/', 404],
    ['GET', '/invocations', 405],
    ['POST', '/ping', 405],
  ])('%s %s is answered with %i', async (method, path, status) => {
    const { agent } = await agentOn(say('x'));
    expect((await agent(new Request(`http://agent${path}`, { method }))).status).toBe(status);
  });
});

describe('settings', () => {
  test.each([
    ['AGENT_NAME', ''],
    ['INBOUND', 'trust-me'],
    ['MODEL', ''],
    ['LLM_URL', 'ftp://x'],
    ['MCP_URL', 'secret'],
  ])('with a wrong %s are refused, without the value', (name, value) => {
    expect(() => settingsOf({ [name]: value })).toThrow(name);
    if (value !== '') expect(() => settingsOf({ [name]: value })).not.toThrow(value);
  });
});
