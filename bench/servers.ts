/** What the benchmark measures, each in a process of its own: `servers.ts NAME` prints its port and serves until it is ended. */

import { createWriteStream } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { Agent } from 'undici';
import type { CompiledPolicy } from '../config/compiled.ts';
import { systemClock } from '../lambda/core/clock.ts';
import { ANONYMOUS } from '../lambda/core/principal.ts';
import { fetchJson } from '../lambda/identity/fetch-json.ts';
import { createIdentify } from '../lambda/identity/identify.ts';
import { createLlmApp } from '../lambda/llm/app.ts';
import { rememberRefusals } from '../lambda/policy/remember-refusals.ts';
import { createSend } from '../lambda/providers/send.ts';
import { recordLine } from '../lambda/telemetry/record.ts';
import { memoryLimitCounter } from '../local/memory/limit-counter.ts';
import { memoryProviderHealth } from '../local/memory/provider-health.ts';
import { serveLoopback } from '../local/serve-loopback.ts';
import { type McpGateway, startMcpGateway } from '../test/support/mcp-gateway.ts';
import { LIST_MS } from './mcp.ts';

const UPSTREAM = process.env.BENCH_UPSTREAM ?? '';

const readAll = async (request: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
};

const listen = (handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer((request, response) => void handle(request, response).catch(() => response.destroy()));
    server.keepAliveTimeout = 60_000;
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

/** Answers at once, in both dialects: the model is not what is measured. */
const upstream = (): Promise<number> => {
  const chat = JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'An answer of a usual length. '.repeat(20) },
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 100, completion_tokens: 100, total_tokens: 200 },
  });
  const message = JSON.stringify({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [{ type: 'text', text: 'An answer of a usual length. '.repeat(20) }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 100, output_tokens: 100 },
  });
  const chunk = (delta: object, finish: string | null = null): string =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const chunks = [
    chunk({ role: 'assistant', content: '' }),
    ...Array.from({ length: 100 }, (_, i) => chunk({ content: `word ${i} ` })),
    chunk({}, 'stop'),
    'data: [DONE]\n\n',
  ];
  return listen(async (request, response) => {
    if (request.url === '/keys') {
      response.setHeader('content-type', 'application/json').end(process.env.BENCH_KEYS);
      return;
    }
    const body = await readAll(request);
    if (body.includes('"stream":true')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const one of chunks) {
        response.write(one);
        await new Promise(setImmediate);
      }
      response.end();
    } else {
      response.setHeader('content-type', 'application/json').end(request.url === '/v1/messages' ? message : chat);
    }
  });
};

/** The practical limit of the runtime: reads, parses, rewrites and passes on, and knows nobody. */
const bare = (): Promise<number> => {
  const agent = new Agent({ connections: 256 });
  return listen(async (request, response) => {
    const body = { ...JSON.parse(await readAll(request)), user: 'bare' };
    const answer = await agent.request({
      origin: UPSTREAM,
      path: '/v1/chat/completions',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    response.writeHead(answer.statusCode, { 'content-type': String(answer.headers['content-type']) });
    if (body.stream === true) {
      for await (const chunk of answer.body) response.write(chunk);
      response.end();
    } else {
      response.end(JSON.stringify(JSON.parse(await answer.body.text())));
    }
  });
};

/** What most people would write. */
const bareHono = (): Promise<number> =>
  new Promise((resolve) => {
    const app = new Hono();
    app.post('*', async (context) => {
      const body = { ...(await context.req.json()), user: 'bare' };
      const answer = await fetch(`${UPSTREAM}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return body.stream === true ? new Response(answer.body, answer) : context.json((await answer.json()) as object);
    });
    serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => resolve(port));
  });

/** Everything a call goes through, with records written as in a deployment, to nowhere. */
const gateway = async (): Promise<number> => {
  const policy: CompiledPolicy = JSON.parse(process.env.BENCH_POLICY ?? '');
  const nowhere = createWriteStream('/dev/null');
  let id = 0;
  const app = createLlmApp(policy, {
    identify: createIdentify(policy.identity, { fetchJson, clock: systemClock }),
    counter: rememberRefusals(memoryLimitCounter(systemClock), systemClock),
    credentials: { read: () => Promise.reject(new Error('the benchmark has no credentials')) },
    send: createSend(),
    records: { write: (record) => void nowhere.write(`${recordLine(record)}\n`) },
    clock: systemClock,
    newId: () => `req_${id++}`,
    logBug: (_id, error) => console.error(error),
    health: memoryProviderHealth(systemClock),
    random: Math.random,
  });
  return (await serveLoopback(app.fetch, 0, systemClock)).port;
};

/** A hundred tools, listed at leisure and called at once. It stands for twenty servers: what it says is written beforehand. */
const mcpServers = (): Promise<number> => {
  const tools = Array.from({ length: 100 }, (_, index) => ({
    name: `tool_${index}`,
    description: `Does the ${index}th thing to whatever it is given, and says what came of it.`,
    inputSchema: {
      type: 'object',
      properties: { id: { type: 'string', description: 'Which one' }, limit: { type: 'integer', minimum: 1 } },
      required: ['id'],
    },
  }));
  const resultType = 'complete';
  const list = JSON.stringify({ resultType, tools, ttlMs: 3_600_000 });
  const called = JSON.stringify({ resultType, content: [] });
  return listen(async (request, response) => {
    const { id, method } = JSON.parse(await readAll(request));
    const isList = method === 'tools/list';
    if (isList) await new Promise((resolve) => setTimeout(resolve, LIST_MS));
    response.setHeader('content-type', 'application/json');
    response.end(`{"jsonrpc":"2.0","id":${id},"result":${isList ? list : called}}`);
  });
};

/** Each call puts a gateway that knows no list yet in place of the last one, in a process that has run all of it: a warm Lambda. */
const mcpGateways = (): Promise<number> => {
  let last: McpGateway | undefined;
  return listen(async (request, response) => {
    await last?.close();
    const { servers, routes } = JSON.parse(await readAll(request));
    // Whoever asks is who they say: proving it is measured with calls to models.
    const identify = async (id = '') => ({ principal: { ...ANONYMOUS, id }, token: undefined });
    last = await startMcpGateway(servers, routes, { identify });
    response.end(last.url);
  });
};

const SERVERS = {
  mcpServers,
  mcpGateways,
  upstream,
  bare,
  bareHono,
  gateway,
};

process.on('SIGTERM', () => process.exit(0));
const name = process.argv[2] as keyof typeof SERVERS;
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ rssMb: Math.round(process.memoryUsage().rss / 2 ** 20), cpuUs: user + system });
});
process.send?.({ port: await SERVERS[name]() });
