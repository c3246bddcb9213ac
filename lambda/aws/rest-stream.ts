import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import type { Clock } from '../core/clock.ts';
import { Refusal, toRefusal } from '../core/refusal.ts';
import { writeOpenAiRefusal } from '../core/write-refusal.ts';
import { type PrincipalOf, type RestEnv, toEnv, toRequest } from './rest-request.ts';

export interface RestStreamPorts {
  readonly fetch: (request: Request, env: RestEnv) => Promise<Response>;
  readonly principalOf: PrincipalOf;
  readonly clock: Clock;
  /** What is left to do once the caller has the answer. The process is frozen when it has ended, not before. */
  readonly settle?: () => Promise<void>;
  /** Takes the stack of a bug, with Lambda's own request id. Callers never see it. */
  readonly logBug: (id: string, error: unknown) => void;
}

export type RestStreamHandler = (event: APIGatewayProxyEvent, out: Writable, context: Context) => Promise<void>;

/** Set by whoever frames the answer on the next connection. */
const FRAMING = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding']);

/** Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html */
const preludeOf = (response: Response): Record<string, unknown> => {
  const cookies = response.headers.getSetCookie();
  const headers = [...response.headers].filter(([name]) => name !== 'set-cookie' && !FRAMING.has(name));
  return {
    statusCode: response.status,
    headers: Object.fromEntries(headers),
    ...(cookies.length === 0 ? {} : { cookies }),
  };
};

/**
 * Copies the answer, no faster than the caller reads, until it ends or the caller is gone. Waits for the app to end its side
 * of an answer that nobody reads: Lambda freezes the process when the handler returns, and the record would wait with it.
 */
const copy = async (body: ReadableStream<Uint8Array>, out: Writable, gone: AbortSignal): Promise<void> => {
  const reader = body.getReader();
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped = reader.cancel(gone.reason).catch(() => {});
  };
  gone.addEventListener('abort', stop, { once: true });
  if (gone.aborted) stop();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (!out.write(part.value)) await once(out, 'drain', { signal: gone });
    }
  } finally {
    gone.removeEventListener('abort', stop);
    await stopped;
  }
};

const end = (out: Writable, gone: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    gone.addEventListener('abort', () => resolve(), { once: true });
    if (gone.aborted) resolve();
    else out.end(() => resolve());
  });

/**
 * A `fetch`-shaped app behind a REST API with response streaming: `awslambda.streamifyResponse(restStream(ports))`.
 *
 * Shape:  the prelude (status, headers, cookies) goes out with the first write, then the body as it comes.
 * Errors: none. What fails before the prelude is answered as `internal`; what fails after it breaks the connection off,
 *         because a clean end would pass half an answer off as a whole one. If the caller leaves, the request's signal aborts.
 *
 * Afterwards: waits for `settle`, whether the answer went out, broke off or nobody took it, but not until Lambda would end the
 * process of a caller who has an answer.
 *
 * Source: https://aws.amazon.com/blogs/compute/running-code-after-returning-a-response-from-an-aws-lambda-function/
 */
export const restStream = (ports: RestStreamPorts): RestStreamHandler => {
  const answer = streamAnswer(ports);
  const { settle } = ports;
  if (settle === undefined) return answer;
  return async (event, out, context) => {
    try {
      await answer(event, out, context);
    } finally {
      await noLonger(context.getRemainingTimeInMillis() - SETTLED_BEFORE_MS, settle());
    }
  };
};

const SETTLED_BEFORE_MS = 500;

/** Waits for work, but only so long. */
const noLonger = async (ms: number, work: Promise<void>): Promise<void> => {
  const done = new AbortController();
  const late = sleep(Math.max(0, ms), undefined, done).catch(() => {});
  await Promise.race([work, late]).finally(() => done.abort());
};

const streamAnswer =
  ({ fetch, principalOf, clock, logBug }: RestStreamPorts): RestStreamHandler =>
  async (event, out, context) => {
    const caller = new AbortController();
    const left = () => caller.abort(new Refusal('caller_left'));
    out.on('error', left);
    out.once('close', () => out.writableFinished || left());

    const answer = async (): Promise<Response> => {
      try {
        return await fetch(toRequest(event, caller.signal), toEnv(event, context, principalOf, clock));
      } catch (thrown) {
        const refusal = toRefusal(thrown);
        if (refusal.code === 'internal') logBug(context.awsRequestId, thrown);
        return Response.json(writeOpenAiRefusal(refusal), { status: refusal.status });
      }
    };

    const response = await answer();
    if (caller.signal.aborted) return void (await response.body?.cancel().catch(() => {}));
    const http = awslambda.HttpResponseStream.from(out, preludeOf(response));
    try {
      // Lambda sends the prelude with the first write, so an answer without a body must write as well.
      http.write('');
      if (response.body !== null) await copy(response.body, http, caller.signal);
      await end(http, caller.signal);
    } catch (thrown) {
      if (caller.signal.aborted) return;
      logBug(context.awsRequestId, thrown);
      http.destroy(thrown instanceof Error ? thrown : new Error('the answer broke off'));
    }
  };
