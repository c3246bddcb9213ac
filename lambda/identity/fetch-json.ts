import type { IncomingMessage } from 'node:http';
import * as https from 'node:https';
import type { LookupFunction } from 'node:net';

/** Fetches a document from an identity provider. Must not follow redirects, and must not give part of an answer. */
export type FetchJson = (
  url: string,
  limits: { readonly timeoutMs: number; readonly maxBytes: number },
) => Promise<unknown>;

const JSON_TYPE = /^application\/(?:[a-z0-9.-]+\+)?json *(?:;|$)/i;

/**
 * `FetchJson` over the network.
 *
 * Shape:  `lookup` decides which addresses a name may lead to: see `createUrlGuard`. Absent: any. The addresses come from the
 *         policy, and what they name has to prove its name by TLS.
 * Units:  `timeoutMs` covers everything from the connection to the last byte, so a slow drip ends too.
 * Errors: an `Error` that says what was wrong; it never quotes the answer.
 */
export const createFetchJson =
  (lookup?: LookupFunction): FetchJson =>
  async (url, { timeoutMs, maxBytes }) => {
    const response = await open(url, AbortSignal.timeout(timeoutMs), lookup);
    try {
      checkHead(response);
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await readBytes(response, maxBytes)));
    } catch (cause) {
      throw cause instanceof SyntaxError ? new Error('the answer is not JSON') : cause;
    } finally {
      response.destroy();
    }
  };

/** Goes wherever a name leads. */
export const fetchJson = createFetchJson();

const open = async (url: string, signal: AbortSignal, lookup: LookupFunction | undefined): Promise<IncomingMessage> => {
  // Plain http is for loopback. Importing it loads the whole of undici: 15 ms that the deployed authorizer need not spend.
  const { get } = url.startsWith('https:') ? https : await import('node:http');
  return new Promise((resolve, reject) => {
    // A connection of its own each time: keys are fetched every ten minutes, and a connection kept while a Lambda was
    // frozen is dead when it wakes.
    const options = { agent: false, signal, headers: { accept: 'application/json' } } as const;
    get(url, { ...options, ...(lookup === undefined ? {} : { lookup }) }, resolve).on('error', reject);
  });
};

const checkHead = ({ statusCode, headers }: IncomingMessage): void => {
  if (statusCode !== 200) throw new Error(`the answer has status ${statusCode}`);
  if (!JSON_TYPE.test(headers['content-type'] ?? '')) throw new Error('the answer has another content type than JSON');
};

const readBytes = async (response: IncomingMessage, maxBytes: number): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};
