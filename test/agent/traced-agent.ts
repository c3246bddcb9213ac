import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';
import { type Loopback, listen } from '../support/loopback.ts';
import { type RawMcpServer, startRawMcpServer } from '../support/raw-mcp-server.ts';
import { unsigned } from './agents.ts';

/** What is said, in each place where something can be said. */
export const SAID = {
  prompt: 'the prompt about salaries',
  argument: 'an argument of jane',
  result: 'the result for jane',
  answer: 'the answer about salaries',
  failure: 'the failure of a server',
} as const;

/** For an hour from now, since a process has a clock of its own. A hostile tool sends it back. */
export const TOKEN = unsigned({
  sub: 'jane',
  act: { sub: 'copilot' },
  exp: Math.floor(Date.now() / 1_000) + 3_600,
});

/** A token of another form, in a header that somebody repeats. */
export const OPAQUE = 'opaque-0123456789';

export interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly { readonly key: string; readonly value: unknown }[];
  readonly events?: readonly { readonly name: string; readonly attributes?: readonly unknown[] }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

export interface Collector {
  readonly url: string;
  readonly received: { readonly path: string; readonly headers: IncomingMessage['headers']; readonly body: string }[];
  /** Requests whose sender was still there when they were answered. */
  taken(): number;
  spans(): readonly SentSpan[];
  resource(): Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: { stringValue?: string } }[] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

/** A collector that takes OTLP over HTTP in JSON. */
export const startCollector = async (delayMs = 0): Promise<Collector> => {
  const received: Collector['received'] = [];
  let taken = 0;
  const { url, close } = await listen(async (request, response) => {
    received.push({ path: request.url ?? '', headers: request.headers, body: await text(request) });
    await sleep(delayMs);
    if (!response.destroyed) taken++;
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  const sent = () => received.flatMap(({ body }) => (JSON.parse(body) as Sent).resourceSpans);
  return {
    url,
    received,
    taken: () => taken,
    spans: () => sent().flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    resource: () =>
      Object.fromEntries(
        sent().flatMap(({ resource }) => resource.attributes.map(({ key, value }) => [key, value.stringValue])),
      ),
    close,
  };
};

const chunk = (delta: object, finish: string | null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

const TOOL_CALL = {
  role: 'assistant',
  tool_calls: [
    {
      index: 0,
      id: 'call-1',
      type: 'function',
      function: { name: 'slack__list', arguments: JSON.stringify({ of: SAID.argument }) },
    },
  ],
};

export interface Upstreams {
  readonly asked: { readonly traceparent: string | undefined }[];
  readonly tools: RawMcpServer;
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** A model that wants a tool and then answers, and the server of that tool. With prompt `fail` the model fails, with `forever` it comes to no end. */
export const startUpstreams = async (): Promise<Upstreams> => {
  const asked: { readonly traceparent: string | undefined }[] = [];
  const model: Loopback = await listen(async (request, response) => {
    const body = await text(request);
    asked.push({ traceparent: request.headers.traceparent as string | undefined });
    if (body.includes('"fail"'))
      return void response
        .writeHead(400, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: { message: `${SAID.failure} ${TOKEN}` } }));
    if (body.includes('"forever"')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(chunk({ role: 'assistant', content: SAID.answer }, null));
      return;
    }
    const [delta, finish] = body.includes(SAID.result)
      ? [{ role: 'assistant', content: SAID.answer }, 'stop']
      : [TOOL_CALL, 'tool_calls'];
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(`${chunk(delta, null)}${chunk({}, finish)}data: [DONE]\n\n`);
  });
  const tools = await startRawMcpServer('tools', {
    initialize: () =>
      '{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"tools","version":"1"}}',
    'notifications/initialized': () => ({ status: 202 }),
    'tools/list': () => JSON.stringify({ tools: [{ name: 'slack__list', inputSchema: { type: 'object' } }] }),
    'tools/call': () =>
      JSON.stringify({ content: [{ type: 'text', text: `${SAID.result}: ${TOKEN} Bearer ${OPAQUE}` }] }),
  });
  return {
    asked,
    tools,
    env: { AGENT_NAME: 'copilot', INBOUND: 'obo', MODEL: 'smart', LLM_URL: `${model.url}/v1`, MCP_URL: tools.url },
    close: async () => {
      await model.close();
      await tools.close();
    },
  };
};

export interface AgentProcess {
  /** What the agent logged. */
  readonly log: () => readonly Readonly<Record<string, unknown>>[];
  readonly url: string;
  invoke(prompt: string, headers?: Readonly<Record<string, string>>): Promise<Readonly<Record<string, unknown>>>;
  /** Sends SIGTERM and waits for the end: how it ended. */
  stop(): Promise<unknown>;
}

/** The bundle, as AgentCore starts it. */
export const startAgentProcess = async (
  directory: string,
  env: Readonly<Record<string, string>>,
): Promise<AgentProcess> => {
  const port = await freePort();
  const child = spawn(process.execPath, ['main.js'], {
    cwd: directory,
    env: { ...env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (data) => {
    out += String(data);
  });
  while (!out.includes('"listening"')) await once(child.stdout, 'data');
  const exited = once(child, 'exit');
  return {
    log: () =>
      out
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    url: `http://127.0.0.1:${port}/invocations`,
    invoke: async (prompt, headers = {}) => {
      const answer = await fetch(`http://127.0.0.1:${port}/invocations`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}`, ...headers },
        body: JSON.stringify({ prompt }),
      });
      const said = await answer.text();
      return said.startsWith('{') ? JSON.parse(said) : { events: said };
    },
    stop: async () => {
      child.kill('SIGTERM');
      return (await exited)[0];
    },
  };
};
