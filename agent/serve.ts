import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { AgentApp } from './app.ts';

/** Twenty headers of 4 KB, which is what AgentCore forwards, and what it adds itself. */
const MAX_HEADER_BYTES = 128 * 1024;

/** The app on Node's own HTTP server. It is not listening yet. */
export const serve = (app: AgentApp): Server =>
  createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (incoming, outgoing) => {
    const left = new AbortController();
    outgoing.once('close', () => {
      if (!outgoing.writableFinished) left.abort();
    });
    app(toRequest(incoming, left.signal))
      .then((response) => write(response, outgoing))
      // The status may be sent already: cut the connection, so that nobody takes half an answer for a whole one.
      .catch(() => outgoing.destroy());
  });

const toRequest = (incoming: IncomingMessage, signal: AbortSignal): Request => {
  const { method = 'GET', url = '/', rawHeaders } = incoming;
  const headers = new Headers();
  for (let index = 0; index < rawHeaders.length; index += 2)
    headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '');
  const hasBody = method !== 'GET' && method !== 'HEAD';
  return new Request(new URL(url, 'http://agent'), {
    method,
    headers,
    signal,
    ...(hasBody ? { body: Readable.toWeb(incoming) as ReadableStream<Uint8Array>, duplex: 'half' } : {}),
  });
};

const write = async ({ status, headers, body }: Response, outgoing: ServerResponse): Promise<void> => {
  outgoing.writeHead(status, Object.fromEntries(headers));
  outgoing.flushHeaders();
  if (body === null) outgoing.end();
  else await pipeline(Readable.fromWeb(body as import('node:stream/web').ReadableStream), outgoing);
};
