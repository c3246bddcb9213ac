import type { CompiledLlmRoute, CompiledPolicy } from '../../config/compiled.ts';
import type { Call, CallRequest } from '../core/call.ts';
import type { LlmCall, LlmReply, LlmRequest } from '../core/llm.ts';
import { pipeline } from '../core/pipeline.ts';
import { Refusal, toRefusal } from '../core/refusal.ts';
import { authenticate } from '../identity/authenticate.ts';
import { callProvider } from '../providers/call-provider.ts';
import { Exchange } from '../telemetry/exchange.ts';
import { readJsonBody } from './body.ts';
import { eventStream } from './event-stream.ts';
import { meter, settledUsage } from './meter.ts';
import type { GatewayEnv, LlmPorts } from './ports.ts';
import { costHeader, costOf } from './price.ts';
import { llmStages } from './stages.ts';
import { targetsOf } from './targets.ts';
import type { WireDialect } from './wire/dialect.ts';
import { type Json, readModel } from './wire/fields.ts';

export type Serve = (request: Request, env: GatewayEnv) => Promise<Response>;

/** A chat surface on a route: reads the caller's dialect, runs the pipeline, writes the dialect again. */
export const serveChat = (
  policy: CompiledPolicy,
  route: CompiledLlmRoute,
  wire: WireDialect,
  ports: LlmPorts,
): Serve => {
  const handle = pipeline(
    llmStages(policy.llm, route, ports),
    callProvider(policy.llm.providers, (call) => targetsOf(policy.llm, route, call), ports),
  );
  return observed(policy, route, wire.dialect, wire.writeRefusal, ports, async (request, call, exchange, abort) => {
    const body = await readJsonBody(request);
    const model = readModel(body);
    const { stream, includeUsage } = wire.readStream(body);
    exchange.llm = { operation: 'chat', model, stream };
    const dialectHeaders = pick(request.headers, wire.headers);
    let prompt: LlmRequest | undefined;
    const llmCall: LlmCall = {
      ...call,
      dialect: wire.dialect,
      model,
      stream,
      includeUsage,
      body,
      drawn: ports.random(),
      // Read when a stage first asks: reading costs, and a stranger's prompt is not worth it.
      get prompt() {
        prompt ??= wire.readRequest(body);
        return prompt;
      },
      dialectHeaders,
    };
    const reply = await handle(llmCall);
    exchange.note({ served: { provider: reply.provider, model: reply.model } });
    return writeReply(reply, llmCall, wire, exchange, abort, ports, policy);
  });
};

/** What a surface answers: a whole body, or one that streams and tells the exchange itself when it has ended. */
export interface Answer {
  readonly body: Json | ReadableStream<Uint8Array>;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
}

type Answering = (request: Request, call: Call, exchange: Exchange, abort: AbortController) => Promise<Answer>;

/**
 * Around every surface: one record, one identity, one deadline, one way of refusing. The answer's headers are what the
 * stages noted, whether the call was refused or not.
 */
export const observed =
  (
    policy: CompiledPolicy,
    route: CompiledLlmRoute,
    surface: string,
    writeRefusal: (refusal: Refusal, requestId: string) => Json,
    ports: LlmPorts,
    answering: Answering,
  ): Serve =>
  async (request, env) => {
    const about = {
      id: ports.newId(),
      gateway: policy.name,
      policy: policy.version,
      surface,
      route: route.path,
      request: readRequest(request, env),
    };
    const { abort, release } = lifetime(request, env, ports);
    const exchange = new Exchange(about, ports.clock, ports.records, release);
    try {
      if (env.rawAuthorizationCount > 1) throw new Refusal('invalid_header', { header: 'authorization' });
      const identified = await whoIs(request, env, route, ports);
      exchange.principal = identified.principal;
      const call: Call = {
        id: about.id,
        ...identified,
        request: about.request,
        route: route.path,
        signal: abort.signal,
        facts: exchange.facts,
      };
      const { body, headers } = await answering(request, call, exchange, abort);
      const all = { ...WHOLE, ...answerHeaders(exchange), ...headers };
      if (body instanceof ReadableStream) return new Response(body, { headers: all });
      exchange.finish(200);
      return new Response(JSON.stringify(body), { headers: all });
    } catch (thrown) {
      const refusal = abort.signal.aborted ? toRefusal(abort.signal.reason) : toRefusal(thrown);
      if (refusal.code === 'internal') ports.logBug(about.id, refusal.cause ?? thrown);
      exchange.finish(refusal.status, refusal);
      return refused(refusal, writeRefusal(refusal, about.id), exchange, policy.name);
    }
  };

/** One call, one caller: nothing in between may keep an answer. */
const WHOLE = { 'content-type': 'application/json', 'cache-control': 'no-store' };

const whoIs = async (
  request: Request,
  env: GatewayEnv,
  route: CompiledLlmRoute,
  ports: LlmPorts,
): Promise<Pick<Call, 'principal' | 'token'>> => {
  const authorization = request.headers.get('authorization') ?? undefined;
  if (env.principal !== undefined && route.auth === 'strict') return { principal: env.principal, token: undefined };
  return authenticate(route.auth, authorization, ports.identify);
};

/** `setTimeout` can't count further. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Ends the call when the caller leaves or time is up, and says which it was. */
const lifetime = (
  request: Request,
  env: GatewayEnv,
  ports: LlmPorts,
): { abort: AbortController; release: () => void } => {
  const abort = new AbortController();
  const left = (): void => abort.abort(new Refusal('caller_left'));
  request.signal.addEventListener('abort', left, { once: true });
  if (request.signal.aborted) left();
  const remaining = Math.min(Math.max(0, env.deadlineMs - ports.clock()), MAX_TIMER_MS);
  const timer = setTimeout(() => abort.abort(new Refusal('deadline')), remaining);
  timer.unref();
  const release = (): void => {
    clearTimeout(timer);
    request.signal.removeEventListener('abort', left);
  };
  abort.signal.addEventListener('abort', release, { once: true });
  return { abort, release };
};

const SECRET_HEADERS = new Set([
  'authorization',
  'cookie',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'proxy-authorization',
]);

/** What policy may see of the request: nothing that is a credential. Most policies ask for no header at all. */
const readRequest = (request: Request, env: GatewayEnv): CallRequest => {
  let read: Readonly<Record<string, string>> | undefined;
  return {
    method: request.method,
    path: pathOf(request.url),
    ip: env.ip,
    get headers() {
      read ??= Object.fromEntries([...request.headers].filter(([name]) => !SECRET_HEADERS.has(name)));
      return read;
    },
  };
};

/** Between the host and the query. */
const pathOf = (url: string): string => {
  const start = url.indexOf('/', url.indexOf('://') + 3);
  const end = url.indexOf('?', start);
  return start < 0 ? '/' : url.slice(start, end < 0 ? undefined : end);
};

const pick = (from: Headers, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = from.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );

const writeReply = (
  reply: LlmReply,
  call: LlmCall,
  wire: WireDialect,
  exchange: Exchange,
  abort: AbortController,
  ports: LlmPorts,
  { prices }: CompiledPolicy,
): Answer => {
  const noteCost = (): void => exchange.note(costOf(prices, reply, exchange.llm, exchange.startedMs));
  const promptChars = charsOf(call);
  if (reply.type === 'whole') {
    const { message, native } = reply;
    exchange.note({
      finish: message.finish,
      usage: settledUsage(message.usage, promptChars, 0),
      ...(message.model === '' ? {} : { served: { provider: reply.provider, model: message.model } }),
    });
    noteCost();
    return {
      body: native ?? wire.writeMessage(message, call, ports.clock()),
      headers: costHeader(exchange.llm?.cost),
    };
  }
  const parts = meter(reply.parts, promptChars, exchange, ports.clock);
  const body = eventStream(wire.writeStream(parts, call, ports.clock()), {
    writeError: (refusal) => wire.writeStreamError(refusal, call.id),
    ended: (refusal) => {
      if (refusal?.code === 'internal') ports.logBug(call.id, refusal.cause);
      noteCost();
      exchange.finish(200, refusal);
    },
    left: () => abort.abort(new Refusal('caller_left')),
  });
  const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache, no-transform' };
  return { body, headers };
};

/** How much was asked, roughly: for an estimate when the provider does not say. */
const charsOf = ({ prompt }: LlmCall): number => {
  const texts = (blocks: readonly { readonly type: string }[]): number =>
    blocks.reduce((sum, block) => sum + ('text' in block && typeof block.text === 'string' ? block.text.length : 0), 0);
  return texts(prompt.system) + prompt.messages.reduce((sum, { content }) => sum + texts(content), 0);
};

const answerHeaders = ({ id, facts, llm }: Exchange): Record<string, string> => ({
  'x-request-id': id,
  'x-content-type-options': 'nosniff',
  ...facts.responseHeaders,
  ...(llm?.served === undefined ? {} : { 'x-gatehouse-provider': llm.served.provider }),
  ...(facts.dropped.length === 0 ? {} : { 'x-gatehouse-dropped': headerList(facts.dropped) }),
});

/** Names of parameters may come from the caller: only what a header may hold, and not much of it. */
const headerList = (names: readonly string[]): string =>
  names
    .map((name) => name.replace(/[^\x20-\x7e]|,/g, '?').slice(0, 64))
    .slice(0, 20)
    .join(', ');

const refused = (refusal: Refusal, body: Json, exchange: Exchange, realm: string): Response => {
  const { status, retryAfterSeconds } = refusal;
  const headers = {
    ...WHOLE,
    ...answerHeaders(exchange),
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    ...(status === 401 ? { 'www-authenticate': challenge(refusal, realm) } : {}),
  };
  return new Response(JSON.stringify(body), { status, headers });
};

/** RFC 6750 §3: no error code for a call that brought no token. */
const challenge = (refusal: Refusal, realm: string): string =>
  `Bearer realm="${realm}"${refusal.code === 'token_rejected' ? ', error="invalid_token"' : ''}`;
