import type { Server } from 'node:http';
import { type Http2Bindings, type HttpBindings, serve } from '@hono/node-server';
import type { Clock } from '../lambda/core/clock.ts';
import type { GatewayEnv } from '../lambda/http/gateway-env.ts';

/** The same fifteen minutes that API Gateway and Lambda allow. */
const LONGEST_CALL_MS = 15 * 60_000;

/** Node's own limit for all headers of a request together. */
const MAX_HEADER_BYTES = 16 * 1024;

export interface Loopback {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves an app on this machine only: whoever can reach the port can be any demo user. */
export const serveLoopback = async (
  fetch: (request: Request, env: GatewayEnv) => Promise<Response>,
  port: number,
  clock: Clock,
  maxHeaderBytes = MAX_HEADER_BYTES,
): Promise<Loopback> => {
  const server = await new Promise<Server>((resolve, reject) => {
    const started = serve(
      {
        hostname: '127.0.0.1',
        port,
        serverOptions: { maxHeaderSize: maxHeaderBytes },
        fetch: (request: Request, bindings: HttpBindings | Http2Bindings) => fetch(request, toEnv(bindings, clock)),
      },
      () => resolve(started),
    ) as Server;
    started.once('error', reject);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        // A call that is cut off is recorded within the next turns of the event loop.
        server.close(() => setTimeout(resolve, 50));
        server.closeAllConnections();
      }),
  };
};

const toEnv = ({ incoming }: HttpBindings | Http2Bindings, clock: Clock): GatewayEnv => {
  const { rawHeaders } = incoming;
  let rawAuthorizationCount = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === 'authorization') rawAuthorizationCount++;
  }
  return { ip: incoming.socket.remoteAddress ?? '', deadlineMs: clock() + LONGEST_CALL_MS, rawAuthorizationCount };
};
