import { type AgentErrorCode, codeOf, writeError } from './agent-error.ts';
import type { Caller } from './caller.ts';
import { readTrace, SESSION_HEADER } from './headers.ts';
import { readers } from './identity/readers.ts';
import { invoke } from './invoke.ts';
import type { AgentPorts } from './ports.ts';
import { readInvocation } from './read-invocation.ts';
import type { AgentSettings } from './settings.ts';
import { streamWords } from './stream.ts';

export type AgentApp = (request: Request) => Promise<Response>;

/**
 * The agent as AgentCore calls it: `POST /invocations` and `GET /ping`.
 *
 * An invocation that fails is answered with status 200 and `{"error":{"code","message"}}`, or with an error event: AgentCore
 * turns every 4xx and 5xx of a container into 424 and drops what it says.
 *
 * Shape:  `{"output","session","agent","identity":{"sub","inbound","actor"?}}`, or server-sent events where they are accepted.
 * Source: AgentCore developer guide, "HTTP protocol contract".
 */
export const createAgent = (settings: AgentSettings, ports: AgentPorts): AgentApp => {
  const readIdentity = readers[settings.inbound](settings, ports);
  let working = 0;

  /** Counts an invocation until it is over, logs how it ended, once, and sends its traces: what runs it may be frozen then. */
  const begin = ({ signal }: Request) => {
    const startMs = ports.clock();
    let isOver = false;
    working++;
    return async (outcome: AgentErrorCode | 'ok' | 'caller_left'): Promise<void> => {
      if (isOver) return;
      isOver = true;
      working--;
      const { name: agent, inbound } = settings;
      // Whatever else went wrong then, went wrong because of it.
      const ended = signal.aborted ? 'caller_left' : outcome;
      ports.log({ event: 'invocation', agent, inbound, outcome: ended, durationMs: ports.clock() - startMs });
      await ports.flushTraces?.();
    };
  };

  const answer = async (request: Request): Promise<Response> => {
    const end = begin(request);
    const leave = new AbortController();
    const signal = AbortSignal.any([request.signal, leave.signal]);
    const about = { session: request.headers.get(SESSION_HEADER), agent: settings.name };
    const start = async (): Promise<{ caller: Caller; words: AsyncGenerator<string, string> }> => {
      // Who asks comes first: a stranger learns nothing about what the agent takes.
      const caller = await readIdentity(request.headers);
      const prompt = await readInvocation(request);
      return { caller, words: invoke(settings, { prompt, caller, trace: readTrace(request.headers), signal }) };
    };
    try {
      const { caller, words } = await start();
      const toAnswer = (output: string) => ({ output, ...about, identity: caller.identity });
      if (acceptsEvents(request)) return events(streamWords(words, toAnswer, leave, end));
      const output = await lastOf(words);
      await end('ok');
      return Response.json(toAnswer(output));
    } catch (thrown) {
      const code = codeOf(thrown);
      await end(code);
      return acceptsEvents(request)
        ? events(`data: ${JSON.stringify({ type: 'error', ...writeError(code) })}\n\n`)
        : Response.json({ error: writeError(code) });
    }
  };

  const routes = new Map<string, AgentApp>([
    ['POST /invocations', answer],
    // Without `time_of_last_update`: one that moves at every ping would keep the session, and its price, for hours.
    ['GET /ping', async () => Response.json({ status: working === 0 ? 'Healthy' : 'HealthyBusy' })],
  ]);

  return async (request) => {
    const { pathname } = new URL(request.url);
    const route = routes.get(`${request.method} ${pathname}`);
    if (route !== undefined) return route(request);
    const allow = [...routes.keys()].map((one) => one.split(' ')).find(([, path]) => path === pathname)?.[0];
    if (allow === undefined) return new Response('not found', { status: 404 });
    return new Response('method not allowed', { status: 405, headers: { allow } });
  };
};

const acceptsEvents = ({ headers }: Request): boolean => /\btext\/event-stream\b/i.test(headers.get('accept') ?? '');

const events = (body: ReadableStream | string): Response =>
  new Response(body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' } });

const lastOf = async (words: AsyncGenerator<string, string>): Promise<string> => {
  for (;;) {
    const { done, value } = await words.next();
    if (done) return value;
  }
};
