import { Refusal } from '../../core/refusal.ts';
import type { Answer } from '../../http/observed.ts';
import { idOf, toMessage } from './read-message.ts';
import { UNTOLD_VERSION } from './versions.ts';

const MAX_MESSAGES = 50;

/**
 * A batch, which 2025-03-26 alone allows: each message is served as if it had come by itself.
 *
 * Errors: `Refusal('invalid_request')` for a batch where none may be, one that holds what is no message, two of one id or an
 *         `initialize`; nothing of it is served then.
 * Source: MCP 2025-03-26, "Sending messages to the server"; 2025-06-18, changelog.
 */
export const serveBatch = async (
  batch: readonly unknown[],
  request: Request,
  serve: (message: Request) => Promise<Response>,
): Promise<Answer> => {
  const version = request.headers.get('mcp-protocol-version')?.trim() ?? UNTOLD_VERSION;
  if (version !== UNTOLD_VERSION) throw invalid('batch');
  if (batch.length === 0 || batch.length > MAX_MESSAGES) throw invalid('size');
  const messages = batch.map(toMessage);
  const ids = batch.flatMap((json) => idOf(json) ?? []);
  if (new Set(ids).size < ids.length) throw invalid('repeated id');
  if (messages.some((message) => message.type === 'request' && message.method === 'initialize'))
    throw invalid('initialize');

  const headers = new Headers(request.headers);
  headers.delete('content-length');
  const answers = await Promise.all(
    batch.map((json) =>
      serve(new Request(request.url, { method: 'POST', headers, body: JSON.stringify(json), signal: request.signal })),
    ),
  );
  const bodies = await Promise.all(
    answers.map(async (answer) => (answer.status === 202 ? [] : [(await answer.json()) as unknown])),
  );
  const responses = bodies.flat();
  return responses.length === 0 ? { body: null, status: 202 } : { body: responses };
};

const invalid = (reason: string): Refusal => new Refusal('invalid_request', { reason });
