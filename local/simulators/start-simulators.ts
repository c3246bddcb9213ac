import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../../lambda/core/clock.ts';
import { sendAnswer } from './send-answer.ts';
import { Rejection, type SimRequest } from './simulator.ts';
import { simulatorOf } from './simulator-of.ts';

/** One request that reached a simulated provider, for tests to look at. */
export interface RecordedCall {
  readonly provider: string;
  readonly method: string;
  /** As received, query included: `/anthropic/v1/messages`. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The parsed JSON, the text if it is not JSON, `undefined` if there was none. */
  readonly body: unknown;
  /** The client closed the connection before the answer was complete. Becomes true when that happens. */
  readonly aborted: boolean;
}

export interface Simulators {
  readonly url: string;
  readonly port: number;
  /** The latest calls, oldest first: `keepCalls` at most. The list is a copy, its entries live. */
  calls(): RecordedCall[];
  /** Ends every connection, silent ones included. */
  close(): Promise<void>;
}

export interface SimulatorOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host?: string;
  /** Pause between the frames of a stream, in milliseconds. 0, the default, is one turn of the event loop. */
  readonly frameGapMs?: number;
  /** How many calls to remember: 1,000 by default. */
  readonly keepCalls?: number;
  readonly clock?: Clock;
}

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const only = chunks[0];
  return (chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)).toString('utf8');
};

const parse = (text: string): { readonly value: unknown; readonly malformed: boolean } => {
  if (text === '') return { value: undefined, malformed: false };
  try {
    return { value: JSON.parse(text) as unknown, malformed: false };
  } catch {
    return { value: text, malformed: true };
  }
};

const sendRejection = (response: ServerResponse, { status, body, headers }: Rejection): void => {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
};

/**
 * Starts simulated model providers on one port, each under its own first path segment (`/openai`, `/anthropic`, …).
 *
 * Errors: rejects when the port is taken.
 */
export const startSimulators = async (options: SimulatorOptions): Promise<Simulators> => {
  const { port, host = '127.0.0.1', frameGapMs = 0, keepCalls = 1_000, clock = systemClock } = options;
  const recorded: (RecordedCall & { aborted: boolean })[] = [];
  let serial = 0;

  const handle = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = message.url ?? '/';
    const mark = url.indexOf('?');
    const fullPath = mark < 0 ? url : url.slice(0, mark);
    const afterMount = fullPath.indexOf('/', 1);
    const provider = afterMount < 0 ? fullPath.slice(1) : fullPath.slice(1, afterMount);
    const method = message.method ?? 'GET';

    const left = new AbortController();
    const call = { provider, method, path: url, headers: message.headers, body: undefined as unknown, aborted: false };
    recorded.push(call);
    if (recorded.length > keepCalls) recorded.shift();
    let ours = false;
    response.on('close', () => {
      if (!response.writableFinished && !ours) call.aborted = true;
      left.abort();
    });

    const { value, malformed } = parse(await readBody(message));
    call.body = value;
    const request: SimRequest = {
      provider,
      method,
      path: afterMount < 0 ? '/' : fullPath.slice(afterMount),
      query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
      headers: message.headers,
      body: value,
      serial: ++serial,
      nowMs: clock(),
    };
    const simulator = simulatorOf(provider);
    try {
      if (malformed) throw simulator.reject('malformed-json', request);
      const answer = simulator.answer(request);
      await sendAnswer(response, answer, {
        frameGapMs,
        left: left.signal,
        destroy: () => {
          ours = true;
          response.socket?.destroy();
        },
      });
    } catch (thrown) {
      if (thrown instanceof Rejection) sendRejection(response, thrown);
      else throw thrown;
    }
  };

  const server = createServer((message, response) => {
    handle(message, response).catch((bug: unknown) => {
      if (response.headersSent || response.destroyed) response.destroy();
      else response.writeHead(500, { 'content-type': 'text/plain' }).end(`the simulator failed: ${String(bug)}`);
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://${host}:${bound}`,
    port: bound,
    calls: () => [...recorded],
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
};
