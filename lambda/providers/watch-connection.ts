import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** The connection that one request went out on. */
export interface WatchedConnection {
  /** It had served requests before, and was closed without a byte in answer to this one. */
  wasClosedUnused(): boolean;
}

interface Sent {
  request?: object;
  socket?: Socket;
  bytesBefore?: number;
}

/** undici's requests that have no answer yet, by the object that its channels name them with. */
const requests = new WeakMap<object, Sent>();
/** What is being watched while undici makes its request of it, which it does before it first waits. */
let making: Sent | undefined;

subscribe('undici:request:create', (message) => {
  const { request } = message as { readonly request: object };
  if (making === undefined) return;
  making.request = request;
  requests.set(request, making);
});

subscribe('undici:client:sendHeaders', (message) => {
  const { request, socket } = message as { readonly request: object; readonly socket: Socket };
  const sent = requests.get(request);
  if (sent === undefined) return;
  sent.socket = socket;
  sent.bytesBefore = socket.bytesRead;
});

/**
 * Starts a request and notes its connection: undici itself does not say whether a connection that failed was a new one.
 * Source: undici documentation, "Diagnostics Channel Support". Where nothing is known the answer is no.
 */
export const watchConnection = <Answer>(
  ask: () => Promise<Answer>,
): { asked: Promise<Answer>; connection: WatchedConnection } => {
  const sent: Sent = {};
  // What is in a WeakMap outlives many collections of young garbage, and all that hangs on it: a call, with its answer.
  const forget = (): void => {
    if (sent.request !== undefined) requests.delete(sent.request);
  };
  making = sent;
  try {
    return {
      asked: ask().finally(forget),
      connection: {
        wasClosedUnused: () => {
          const { socket, bytesBefore = 0 } = sent;
          return socket !== undefined && bytesBefore > 0 && socket.destroyed && socket.bytesRead === bytesBefore;
        },
      },
    };
  } finally {
    making = undefined;
  }
};
