import type { IncomingMessage } from 'node:http';

const MAX_BYTES = 56 * 1024;

/** A form's body, or undefined when it is larger than any real one. */
export const readForm = async (request: IncomingMessage): Promise<URLSearchParams | undefined> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // The rest is read and forgotten: an answer sent over an unread body would be lost with the connection.
    if (size <= MAX_BYTES) chunks.push(chunk);
  }
  return size > MAX_BYTES ? undefined : new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
};
