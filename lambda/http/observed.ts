import type { CompiledPolicy, CompiledRoute } from '../../config/compiled.ts';
import type { Call, CallRequest } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import { type JsonText, jsonOf } from '../core/json-text.ts';
import { Refusal, toRefusal } from '../core/refusal.ts';
import { authenticate } from '../identity/authenticate.ts';
import type { Identify } from '../identity/identify.ts';
import { verifiedToken } from '../identity/verified-token.ts';
import { Exchange } from '../telemetry/exchange.ts';
import type { Records } from '../telemetry/record.ts';
import type { GatewayEnv } from './gateway-env.ts';

export type Serve = (request: Request, env: GatewayEnv) => Promise<Response>;

type Json = Readonly<Record<string, unknown>>;

/** How one kind of call is named in the record and talks to its callers. */
export interface Surface {
  readonly name: string;
  writeRefusal(refusal: Refusal, requestId: string): Json;
  /** `WWW-Authenticate` of a refusal that has one. Absent: RFC 6750 with the policy's name as the realm. */
  challenge?(refusal: Refusal, request: Request): string;
  /** On every answer, refusals included. Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Refuses before anybody is asked who they are. */
  admit?(request: Request): void;
}

export interface ObservedPorts {
  readonly identify: Identify;
  readonly records: Records;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Takes the stack of a bug. Callers never see it. */
  readonly logBug: (id: string, error: unknown) => void;
}

/** What a surface answers: a whole body, none, or one that streams and tells the exchange itself when it has ended. */
export interface Answer {
  readonly body: Json | JsonText | readonly unknown[] | ReadableStream<Uint8Array> | null;
  /** Absent: 200. */
  readonly status?: number;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Why it is not what was asked for, where the surface says so in its own way. */
  readonly refusal?: Refusal;
}

type Answering = (
  request: Request,
  call: Call,
  exchange: Exchange,
  abort: AbortController,
  env: GatewayEnv,
) => Promise<Answer>;

/**
 * Around every surface: one record, one identity, one deadline, one way of refusing. The answer's headers are what the
 * stages noted, whether the call was refused or not.
 */
export const observed =
  (
    policy: Pick<CompiledPolicy, 'name' | 'version'>,
    route: Pick<CompiledRoute, 'path' | 'auth'>,
    surface: Surface,
    ports: ObservedPorts,
    answering: Answering,
  ): Serve =>
  async (request, env) => {
    const about = {
      id: ports.newId(),
      gateway: policy.name,
      policy: policy.version,
      surface: surface.name,
      route: route.path,
      request: readRequest(request, env),
    };
    const { abort, release } = lifetime(request, env, ports);
    const exchange = new Exchange(about, ports.clock, ports.records, release);
    try {
      if (env.rawAuthorizationCount > 1) throw new Refusal('invalid_header', { header: 'authorization' });
      surface.admit?.(request);
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
      const { body, status = 200, headers, refusal } = await answering(request, call, exchange, abort, env);
      const all = { ...(body === null ? NEVER_KEPT : WHOLE), ...answerHeaders(exchange, surface), ...headers };
      if (body instanceof ReadableStream) return new Response(body, { status, headers: all });
      exchange.finish(status, refusal);
      return new Response(body === null ? null : jsonOf(body), { status, headers: all });
    } catch (thrown) {
      const refusal = abort.signal.aborted ? toRefusal(abort.signal.reason) : toRefusal(thrown);
      if (refusal.code === 'internal') ports.logBug(about.id, refusal.cause ?? thrown);
      exchange.finish(refusal.status, refusal);
      const headers = {
        ...WHOLE,
        ...answerHeaders(exchange, surface),
        ...refusalHeaders(refusal, () => surface.challenge?.(refusal, request) ?? plainChallenge(refusal, policy.name)),
      };
      return new Response(JSON.stringify(surface.writeRefusal(refusal, about.id)), { status: refusal.status, headers });
    }
  };

/** One call, one caller: nothing in between may keep an answer. */
const NEVER_KEPT = { 'cache-control': 'no-store' };
const WHOLE = { 'content-type': 'application/json', ...NEVER_KEPT };

const whoIs = async (
  request: Request,
  env: GatewayEnv,
  route: Pick<CompiledRoute, 'auth'>,
  ports: ObservedPorts,
): Promise<Pick<Call, 'principal' | 'token'>> => {
  const authorization = request.headers.get('authorization') ?? undefined;
  if (env.principal !== undefined && route.auth === 'strict')
    return { principal: env.principal, token: verifiedToken(authorization) };
  return authenticate(route.auth, authorization, ports.identify);
};

/** `setTimeout` can't count further. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Ends the call when the caller leaves or time is up, and says which it was. */
const lifetime = (
  request: Request,
  env: GatewayEnv,
  ports: ObservedPorts,
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
    userAgent: request.headers.get('user-agent') ?? '',
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

const answerHeaders = ({ id, facts, llm }: Exchange, surface: Surface): Record<string, string> => ({
  ...upstreamId(facts.attempts.at(-1)?.upstreamRequestId),
  'x-request-id': id,
  'x-content-type-options': 'nosniff',
  ...surface.headers,
  ...facts.responseHeaders,
  ...(llm?.served === undefined ? {} : { 'x-gatehouse-provider': llm.served.provider }),
  ...(facts.dropped.length === 0 ? {} : { 'x-gatehouse-dropped': headerList(facts.dropped) }),
});

/** R150: the upstream's own id of the call, which is what its support asks for. */
const upstreamId = (id: string | undefined): Record<string, string> =>
  id === undefined ? {} : { 'x-gatehouse-upstream-request-id': id };

/** Names of parameters may come from the caller: only what a header may hold, and not much of it. */
const headerList = (names: readonly string[]): string =>
  names
    .map((name) => name.replace(/[^\x20-\x7e]|,/g, '?').slice(0, 64))
    .slice(0, 20)
    .join(', ');

/** What a refusal says in headers, whatever its body. */
export const refusalHeaders = (
  { status, code, retryAfterSeconds }: Refusal,
  challenge: () => string,
): Record<string, string> => ({
  ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  ...(status === 401 || code === 'insufficient_scope' ? { 'www-authenticate': challenge() } : {}),
});

/** RFC 6750 §3: no error code for a call that brought no token. */
const plainChallenge = (refusal: Refusal, realm: string): string =>
  `Bearer realm="${realm}"${refusal.code === 'token_rejected' ? ', error="invalid_token"' : ''}`;
