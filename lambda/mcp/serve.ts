import type { CompiledMcpRoute } from '../../config/compiled-mcp.ts';
import type { Call } from '../core/call.ts';
import type { JsonText } from '../core/json-text.ts';
import type { Raw } from '../core/mcp.ts';
import { Refusal, toRefusal } from '../core/refusal.ts';
import type { GatewayEnv } from '../http/gateway-env.ts';
import { type Answer, observed, refusalHeaders, type Serve } from '../http/observed.ts';
import type { KeptLists } from '../targets/kept-lists.ts';
import { TargetError } from '../targets/target.ts';
import type { Exchange } from '../telemetry/exchange.ts';
import { mayAsk } from './ask-back.ts';
import { createCalls, ToolFailed } from './calls.ts';
import { createChallenge } from './challenge.ts';
import { capabilitiesOf, createDiscover, createInitialize, ping } from './handshake.ts';
import { createInstructions } from './instructions.ts';
import { createLists } from './lists.ts';
import type { Method } from './mcp-request.ts';
import type { McpPorts } from './ports.ts';
import type { ProtectedPolicy } from './protected-resource.ts';
import { acceptsStream } from './protocol/accepts.ts';
import { answerInTime } from './protocol/answer-in-time.ts';
import { serveBatch } from './protocol/batch.ts';
import { type Envelope, eraClaimed, readEnvelope } from './protocol/envelope.ts';
import { type Id, idOf, type Message, readPosted, toMessage } from './protocol/read-message.ts';
import type { Era } from './protocol/versions.ts';
import { writeError, writeTargetError } from './protocol/write-error.ts';
import { writeResponse } from './protocol/write-response.ts';
import { writeResult } from './protocol/write-result.ts';
import { originOf } from './public-urls.ts';
import { createRouteParts } from './route-parts.ts';
import { challengeOf, mcpSurface } from './surface.ts';
import { readTrace } from './trace-context.ts';

type RequestMessage = Extract<Message, { type: 'request' }>;

const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** What a message came in, and what goes on around it. */
interface Around {
  readonly request: Request;
  readonly call: Call;
  readonly exchange: Exchange;
  readonly abort: AbortController;
}

/** A response of JSON-RPC and all that HTTP and the record need to know of it. */
type Written = Answer & { readonly body: Raw | JsonText };

/** The MCP endpoint of a route: reads what was posted, checks it, and answers it in the words of its era. */
export const createServe = (
  policy: ProtectedPolicy & { readonly version: string },
  route: CompiledMcpRoute,
  lists: KeptLists,
  ports: McpPorts,
): Serve => {
  const parts = createRouteParts(policy.mcp, route, lists, ports);
  const write = createChallenge(policy, ports.baseUrl ?? originOf);
  const challenge = (refusal: Refusal, { url }: Request, held: readonly string[]): string =>
    write(challengeOf(refusal, { route: route.path, url, held }));
  const surface = {
    ...mcpSurface(ports),
    challenge: (refusal: Refusal, request: Request) => challenge(refusal, request, []),
  };
  const maxBytes = ports.maxBodyBytes ?? MAX_BODY_BYTES;
  const capabilities = capabilitiesOf(route, policy.mcp.servers);
  const instructions = createInstructions(parts);
  const shared = { ...createLists(parts), ...createCalls(parts) };
  const methods: Readonly<Record<Era, ReadonlyMap<string, Method>>> = {
    legacy: new Map(Object.entries({ ...shared, initialize: createInitialize(capabilities, instructions), ping })),
    modern: new Map(Object.entries({ ...shared, 'server/discover': createDiscover(capabilities, instructions) })),
  };

  const failed = (thrown: unknown, id: Id | null, era: Era, { request, call, exchange }: Around): Written => {
    call.signal.throwIfAborted(); // Whoever left, or the time that is up, says it better.
    if (thrown instanceof TargetError && id !== null) {
      const asked = mayAsk(parts.servers, thrown.target);
      const refusal = new Refusal('upstream_rejected', { target: thrown.target, code: thrown.code });
      return { ...writeTargetError(thrown, id, era, asked), refusal };
    }
    const refusal = toRefusal(thrown);
    if (refusal.code === 'internal') ports.logBug(exchange.id, refusal.cause ?? thrown);
    const headers = refusalHeaders(refusal, () => challenge(refusal, request, call.principal.scopes));
    return { ...writeError(refusal, id, era), headers, refusal };
  };

  const answerRequest = async (
    message: RequestMessage,
    envelope: Envelope,
    around: Around,
    progress: ((params: Raw) => void) | undefined,
  ): Promise<Written> => {
    const { id, method, params } = message;
    const { era } = envelope;
    const { request, call, exchange } = around;
    try {
      const answer = methods[era].get(method);
      if (answer === undefined) throw new Refusal('method_not_found');
      const context = {
        call,
        signal: call.signal,
        capabilities: {},
        trace: readTrace(params, request.headers),
        ...(progress === undefined ? {} : { progress }),
      };
      const result = await answer({ method, params, envelope, call, context, exchange });
      return { body: writeResponse(id, writeResult(method, result, era)) };
    } catch (thrown) {
      if (!(thrown instanceof ToolFailed)) return failed(thrown, id, era, around);
      exchange.noteMcp({ isError: true });
      return { body: writeResponse(id, writeResult(method, thrown.result, era)), refusal: thrown.refusal };
    }
  };

  const answerMessage = async (json: unknown, around: Around, mayStream: boolean): Promise<Answer> => {
    const { request, call, exchange, abort } = around;
    const { headers } = request;
    let era = eraClaimed(json, headers);
    try {
      const message = toMessage(json);
      if (message.type === 'response') {
        exchange.mcp = { method: 'response' };
        if (era === 'modern') throw new Refusal('invalid_request', { reason: 'response' });
        return ACCEPTED; // Nobody waits for it: we ask clients nothing.
      }
      exchange.mcp = { method: message.method };
      const envelope = readEnvelope(message, headers);
      era = envelope.era;
      const { version, client } = envelope;
      exchange.noteMcp({ version, ...(client === undefined ? {} : { client }) });
      const stream = acceptsStream(headers, era) && mayStream;
      if (message.type === 'notification') return ACCEPTED;
      const token = stream ? progressToken(message.params) : undefined;
      const written = (progress?: (params: Raw) => void) => answerRequest(message, envelope, around, progress);
      return token === undefined
        ? await written()
        : await answerInTime(written, token, { call, exchange, abort, ports });
    } catch (thrown) {
      return failed(thrown, idOf(json), era, around);
    }
  };

  /** One message of a batch: a call of its own, with a record of its own. */
  const single: Serve = observed(policy, route, surface, ports, async (request, call, exchange, abort) =>
    answerMessage(await readPosted(request, maxBytes), { request, call, exchange, abort }, false),
  );

  return observed(policy, route, surface, ports, async (request, call, exchange, abort, env: GatewayEnv) => {
    const json = await readPosted(request, maxBytes);
    if (!Array.isArray(json)) return answerMessage(json, { request, call, exchange, abort }, true);
    exchange.mcp = { method: 'batch' };
    return serveBatch(json, request, (message) => single(message, env));
  });
};

const ACCEPTED: Answer = { body: null, status: 202 };

const progressToken = ({ _meta }: Raw): Id | undefined => {
  const token = (_meta as Raw | undefined)?.progressToken;
  return typeof token === 'string' || Number.isSafeInteger(token) ? (token as Id) : undefined;
};
