import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { PRELUDE_END } from './lambda-streaming.ts';

const BOOTSTRAP = path.join(import.meta.dirname, 'lambda-bootstrap.ts');

export interface StreamedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly cookies: readonly string[];
  /** The body's bytes as the function sent them, one piece at a time. */
  readonly body: AsyncIterable<Buffer>;
  text(): Promise<string>;
  /** Closes the connection, as when the caller goes away. */
  disconnect(): void;
}

export interface Lambda {
  /** For a handler that returns a value. Rejects with what the function threw. */
  invoke(event: unknown): Promise<unknown>;
  /** For a streaming handler behind API Gateway. Settles once the prelude is there. */
  stream(event: unknown): Promise<StreamedAnswer>;
  /** What the function has written to its log so far. */
  log(): readonly string[];
  /** The first line of the log, written by now or later, that holds `text`. */
  logged(text: string): Promise<string>;
  close(): Promise<void>;
}

interface Invocation {
  readonly event: unknown;
  readonly answer: (request: http.IncomingMessage) => void;
  readonly fail: (error: Error) => void;
}

const readAll = async (request: AsyncIterable<Buffer>): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
};

/** Splits the wire output as API Gateway does: JSON, 8 NUL bytes, the body. */
const readAnswer = async (request: http.IncomingMessage): Promise<StreamedAnswer> => {
  const parts = request[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let head = Buffer.alloc(0);
  while (!head.includes(PRELUDE_END)) {
    const { done, value } = await parts.next();
    if (done) throw new Error(`the function ended without a prelude: ${head.toString('utf8')}`);
    head = Buffer.concat([head, value]);
  }
  const at = head.indexOf(PRELUDE_END);
  const prelude = JSON.parse(head.subarray(0, at).toString('utf8'));
  const body = (async function* () {
    const first = head.subarray(at + PRELUDE_END.length);
    if (first.length > 0) yield first;
    yield* { [Symbol.asyncIterator]: () => parts };
  })();
  return {
    status: prelude.statusCode,
    headers: new Headers(prelude.headers),
    cookies: prelude.cookies ?? [],
    body,
    text: () => readAll(body),
    disconnect: () => void request.destroy(),
  };
};

/** Lambda's side of one execution environment: hands out events one at a time and takes the answers. */
const startRuntimeApi = async (timeoutMs: number) => {
  const waiting: Invocation[] = [];
  const running = new Map<string, Invocation>();
  const idle: http.ServerResponse[] = [];
  const hand = (): void => {
    while (idle.length > 0 && waiting.length > 0) {
      const response = idle.shift();
      const invocation = waiting.shift();
      if (response === undefined || invocation === undefined) return;
      const id = randomUUID();
      running.set(id, invocation);
      response.setHeader('lambda-runtime-aws-request-id', id);
      response.setHeader(
        'lambda-runtime-deadline-ms',
        Math.round(performance.timeOrigin + performance.now()) + timeoutMs,
      );
      response.end(JSON.stringify(invocation.event));
    }
  };
  const fail = async (request: http.IncomingMessage, invocations: Iterable<Invocation>): Promise<void> => {
    const { errorMessage } = JSON.parse(await readAll(request));
    for (const invocation of invocations) invocation.fail(new Error(errorMessage));
  };
  const server = http.createServer((request, response) => {
    const [, , , kind, id = '', verb] = (request.url ?? '').split('/');
    const invocation = running.get(id);
    if (kind === 'invocation' && id === 'next') {
      idle.push(response);
      hand();
      return;
    }
    request.once('close', () => response.writable && response.writeHead(202).end());
    if (kind === 'init') void fail(request, waiting);
    else if (invocation !== undefined && verb === 'error') void fail(request, [invocation]);
    else invocation?.answer(request);
  });
  server.requestTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: (event: unknown) =>
      new Promise<http.IncomingMessage>((answer, fail) => {
        waiting.push({ event, answer, fail });
        hand();
      }),
    failAll: (error: Error) => {
      for (const invocation of [...waiting, ...running.values()]) invocation.fail(error);
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
};

const keepLog = (child: ChildProcess) => {
  const lines: string[] = [];
  const readers = [child.stdout, child.stderr].flatMap((stream) => (stream === null ? [] : [createInterface(stream)]));
  for (const reader of readers) reader.on('line', (line) => lines.push(line));
  const logged = (text: string): Promise<string> =>
    new Promise((resolve) => {
      const look = (): void => {
        const line = lines.find((candidate) => candidate.includes(text));
        if (line !== undefined) resolve(line);
      };
      for (const reader of readers) reader.on('line', look);
      look();
    });
  return { lines, logged };
};

/**
 * One execution environment of a bundled function: its own process, with only the environment given, the handler loaded
 * from `directory`/index.mjs, events and answers over Lambda's Runtime API on loopback.
 *
 * Not Lambda itself: when a caller leaves, Lambda may let the function run on; here the function's stream breaks at once.
 */
export const startLambda = async (
  directory: string,
  environment: Readonly<Record<string, string>>,
  { timeoutMs = 900_000 }: { readonly timeoutMs?: number } = {},
): Promise<Lambda> => {
  const api = await startRuntimeApi(timeoutMs);
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', BOOTSTRAP, path.join(directory, 'index.mjs')],
    {
      env: { ...environment, AWS_LAMBDA_RUNTIME_API: api.address },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const { lines, logged } = keepLog(child);
  child.once('exit', (code) =>
    api.failAll(new Error(`the function's process ended with ${code}:\n${lines.join('\n')}`)),
  );
  return {
    invoke: async (event) => JSON.parse(await readAll(await api.take(event))),
    stream: async (event) => readAnswer(await api.take(event)),
    log: () => lines,
    logged,
    close: async () => {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await api.close();
    },
  };
};
