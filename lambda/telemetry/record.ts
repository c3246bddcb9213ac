import type { Attempt, CallFacts, CallRequest, Decision } from '../core/call.ts';
import { promptTokens, type Usage } from '../core/llm.ts';
import type { Principal } from '../core/principal.ts';
import type { Refusal } from '../core/refusal.ts';

/** Takes finished records. Must not throw and must not keep the call waiting. */
export interface Records {
  write(record: CallRecord): void;
}

export type Outcome = 'ok' | 'refused' | 'failed' | 'aborted';

/**
 * One call, as one line of JSON: access log, audit trail and metric in one. Names with dots are OpenTelemetry's
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/). Never holds a token, a key or a prompt.
 */
export interface CallRecord {
  readonly kind: 'call';
  /** ISO 8601, when the call came in. */
  readonly time: string;
  readonly id: string;
  readonly gateway: string;
  readonly policy: string;
  readonly surface: string;
  readonly route: string;
  readonly method: string;
  readonly path: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly principal: {
    readonly sub: string;
    readonly id: string;
    readonly issuer: string;
    readonly clientId: string;
    readonly scopes: readonly string[];
    readonly actor?: string;
  } | null;
  readonly outcome: Outcome;
  readonly status: number;
  /** The refusal's code, where there is one. */
  readonly reason?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly decisions: readonly Decision[];
  readonly attempts: readonly Attempt[];
  readonly dropped: readonly string[];
  readonly scope_check?: 'ALLOWED' | 'DENIED';
  readonly rate_limit?: 'OK' | 'EXCEEDED' | 'UNAVAILABLE';
  readonly 'gen_ai.operation.name'?: string;
  readonly 'gen_ai.request.model'?: string;
  readonly 'gen_ai.response.model'?: string;
  readonly 'gen_ai.provider.name'?: string;
  readonly 'gen_ai.request.stream'?: boolean;
  readonly 'gen_ai.response.finish_reason'?: string;
  readonly 'gen_ai.usage.input_tokens'?: number;
  readonly 'gen_ai.usage.output_tokens'?: number;
  readonly 'gen_ai.usage.cache_read.input_tokens'?: number;
  readonly 'gen_ai.usage.cache_creation.input_tokens'?: number;
  readonly 'gen_ai.usage.reasoning.output_tokens'?: number;
  /** The provider did not report usage: the numbers are ours. */
  readonly usage_estimated?: boolean;
  /** US dollars, to the millionth; absent where nobody knows the price. */
  readonly cost_usd?: number;
  /** Where the price comes from: `genai-prices 0.1.8`, or `policy`. */
  readonly price_version?: string;
  /** What an MCP client asked for: `tools/call`. */
  readonly 'mcp.method'?: string;
  readonly 'mcp.protocol.version'?: string;
  /** What the client calls itself: nobody has checked it. */
  readonly 'mcp.client'?: string;
  /** The server's name in the policy. */
  readonly 'mcp.target'?: string;
  /** The server's own name for the tool. */
  readonly 'mcp.tool'?: string;
  readonly 'mcp.prompt'?: string;
  readonly 'mcp.resource'?: string;
  /** Of the arguments as JSON: tells two calls apart without saying what was in them. */
  readonly 'mcp.arguments_sha256'?: string;
  readonly 'mcp.is_error'?: boolean;
  /** What the server answered, as JSON, before anything was cut off. */
  readonly 'mcp.result_bytes'?: number;
  /** Where a tool's result is not as its `outputSchema` says: a JSON Pointer into the schema. */
  readonly 'mcp.schema_violation'?: string;
  /** How many items a list had. */
  readonly 'mcp.listed'?: number;
  /** Servers that are missing from a list, and why. */
  readonly 'mcp.degraded'?: readonly string[];
  /** Tools that are not as they were approved. */
  readonly 'mcp.pin_findings'?: readonly string[];
  /** Texts of servers that speak to the model, or hide something: rule, whose, how grave. Never the text. */
  readonly 'mcp.scan_findings'?: readonly string[];
  /** The same in what a tool answered, where the route has results scanned. */
  readonly 'mcp.result_findings'?: readonly string[];
  /** The agent's name in the policy. */
  readonly 'gen_ai.agent.name'?: string;
  /** How the agent is told who calls. */
  readonly 'agent.inbound'?: string;
  /** Of the caller's own name for the session: tells two sessions apart. */
  readonly 'agent.session'?: string;
  /** Who acts for the caller by the token that the agent was given. */
  readonly 'agent.actor'?: string;
  readonly 'a2a.method'?: string;
  readonly 'a2a.task.id'?: string;
  readonly 'a2a.task.state'?: string;
  /** The client of a token exchange. */
  readonly 'token.client'?: string;
  /** Whom the token is for. */
  readonly 'token.audience'?: readonly string[];
  /** Who acts: issuer and subject of the actor token. */
  readonly 'token.actor'?: string;
  readonly 'token.actor.issuer'?: string;
  /** Of the token that was made. */
  readonly 'token.jti'?: string;
  readonly latency_ms: { readonly total: number; readonly first_token?: number; readonly upstream?: number };
}

/** What a call is known to be before and while it runs. */
export interface Observed {
  readonly id: string;
  readonly gateway: string;
  readonly policy: string;
  readonly surface: string;
  readonly route: string;
  readonly request: CallRequest;
  readonly startedMs: number;
  readonly facts: CallFacts;
  readonly principal: Principal | undefined;
  readonly llm?: LlmFacts;
  readonly mcp?: McpFacts;
  readonly agent?: AgentFacts;
  readonly token?: TokenFacts;
}

/** The agent's side of a call. Texts of A2A come from outside. */
export interface AgentFacts {
  readonly name: string;
  readonly inbound: string;
  readonly session?: string;
  readonly actor?: string;
  readonly method?: string;
  readonly taskId?: string;
  readonly taskState?: string;
}

/** A token exchange. Never a token. */
export interface TokenFacts {
  readonly client?: string;
  readonly audience?: readonly string[];
  readonly actor?: { readonly sub: string; readonly issuer: string };
  readonly jti?: string;
}

/** The MCP side of a call. Texts may come from outside. */
export interface McpFacts {
  readonly method: string;
  readonly version?: string;
  readonly client?: string;
  readonly target?: string;
  readonly tool?: string;
  readonly prompt?: string;
  readonly resource?: string;
  readonly argumentsSha256?: string;
  readonly isError?: boolean;
  readonly resultBytes?: number;
  readonly schemaViolation?: string;
  readonly listed?: number;
  readonly degraded?: readonly string[];
  readonly findings?: readonly string[];
  readonly scanFindings?: readonly string[];
  readonly resultFindings?: readonly string[];
}

export interface LlmFacts {
  readonly operation: string;
  readonly model: string;
  readonly stream: boolean;
  readonly served?: { readonly provider: string; readonly model: string };
  readonly finish?: string;
  readonly usage?: Usage;
  readonly cost?: Cost;
  readonly firstTokenMs?: number;
}

/** What a call came to, at prices of a known version. */
export interface Cost {
  /** Whole micro-dollars. */
  readonly microUsd: number;
  readonly version: string;
}

/** Input in a record is data: bounded, and on one line whatever reads it. */
const MAX_TEXT = 256;
const MAX_ITEMS = 50;

const boundedDetail = (detail: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(detail).map(([name, value]) => [name, typeof value === 'string' ? bounded(value) : value]),
  );

const bounded = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);

export const toRecord = (seen: Observed, end: { status: number; refusal?: Refusal; endedMs: number }): CallRecord => {
  const { principal, facts, request, llm, mcp, agent, token } = seen;
  const upstreamMs = facts.attempts.reduce((sum, { ms }) => sum + ms, 0);
  return {
    kind: 'call',
    time: new Date(seen.startedMs).toISOString(),
    id: seen.id,
    gateway: seen.gateway,
    policy: seen.policy,
    surface: seen.surface,
    route: seen.route,
    method: request.method,
    path: bounded(request.path),
    ip: request.ip,
    userAgent: bounded(request.userAgent ?? ''),
    principal: principal === undefined ? null : who(principal),
    outcome: outcomeOf(end.refusal),
    status: end.status,
    ...(end.refusal === undefined ? {} : { reason: end.refusal.code, detail: boundedDetail(end.refusal.detail) }),
    decisions: facts.decisions,
    attempts: facts.attempts,
    dropped: facts.dropped.slice(0, MAX_ITEMS).map(bounded),
    ...words(facts.decisions),
    ...(llm === undefined ? {} : genAi(llm)),
    ...(mcp === undefined ? {} : mcpFields(mcp)),
    ...(agent === undefined ? {} : agentFields(agent)),
    ...(token === undefined ? {} : tokenFields(token)),
    latency_ms: {
      total: end.endedMs - seen.startedMs,
      ...(llm?.firstTokenMs === undefined ? {} : { first_token: llm.firstTokenMs - seen.startedMs }),
      ...(facts.attempts.length === 0 ? {} : { upstream: upstreamMs }),
    },
  };
};

const who = ({ sub, id, issuer, clientId, scopes, actor }: Principal): CallRecord['principal'] => ({
  sub: bounded(sub),
  id,
  issuer,
  clientId: bounded(clientId),
  scopes,
  ...(actor === undefined ? {} : { actor: bounded(actor.sub) }),
});

/** `failed`: not the caller's doing. */
const outcomeOf = (refusal: Refusal | undefined): Outcome => {
  if (refusal === undefined) return 'ok';
  if (refusal.code === 'caller_left') return 'aborted';
  return refusal.status >= 500 || refusal.code.startsWith('upstream_') ? 'failed' : 'refused';
};

/** The words that people know from the demos of this field, as fields that can be counted. */
const words = (decisions: readonly Decision[]): Pick<CallRecord, 'scope_check' | 'rate_limit'> => {
  const of = (stage: string): Decision | undefined => decisions.findLast((decision) => decision.stage === stage);
  const scope = of('authorization');
  const limit = of('rate-limits');
  return {
    ...(scope === undefined ? {} : { scope_check: scope.result === 'allow' ? 'ALLOWED' : 'DENIED' }),
    ...(limit === undefined ? {} : { rate_limit: RATE_LIMIT[limit.result] }),
  };
};

const RATE_LIMIT = {
  allow: 'OK',
  skip: 'OK',
  deny: 'EXCEEDED',
  'failed-open': 'UNAVAILABLE',
  'failed-closed': 'UNAVAILABLE',
} as const;

const genAi = ({ operation, model, stream, served, finish, usage, cost }: LlmFacts): Partial<CallRecord> => ({
  'gen_ai.operation.name': operation,
  'gen_ai.request.model': bounded(model),
  'gen_ai.request.stream': stream,
  ...(served === undefined
    ? {}
    : { 'gen_ai.provider.name': served.provider, 'gen_ai.response.model': bounded(served.model) }),
  ...(finish === undefined ? {} : { 'gen_ai.response.finish_reason': finish }),
  ...(usage === undefined
    ? {}
    : {
        'gen_ai.usage.input_tokens': promptTokens(usage),
        'gen_ai.usage.output_tokens': usage.output,
        'gen_ai.usage.cache_read.input_tokens': usage.cacheRead,
        'gen_ai.usage.cache_creation.input_tokens': usage.cacheWrite,
        'gen_ai.usage.reasoning.output_tokens': usage.reasoning,
        ...(usage.estimated === true ? { usage_estimated: true } : {}),
      }),
  ...(cost === undefined ? {} : { cost_usd: cost.microUsd / 1_000_000, price_version: cost.version }),
});

const mcpFields = (mcp: McpFacts): Partial<CallRecord> => ({
  'mcp.method': bounded(mcp.method),
  ...text('mcp.protocol.version', mcp.version),
  ...text('mcp.client', mcp.client),
  ...text('mcp.target', mcp.target),
  ...text('mcp.tool', mcp.tool),
  ...text('mcp.prompt', mcp.prompt),
  ...text('mcp.resource', mcp.resource),
  ...text('mcp.arguments_sha256', mcp.argumentsSha256),
  ...(mcp.isError === undefined ? {} : { 'mcp.is_error': mcp.isError }),
  ...(mcp.resultBytes === undefined ? {} : { 'mcp.result_bytes': mcp.resultBytes }),
  ...text('mcp.schema_violation', mcp.schemaViolation),
  ...(mcp.listed === undefined ? {} : { 'mcp.listed': mcp.listed }),
  ...texts('mcp.degraded', mcp.degraded),
  ...texts('mcp.pin_findings', mcp.findings),
  ...texts('mcp.scan_findings', mcp.scanFindings),
  ...texts('mcp.result_findings', mcp.resultFindings),
});

const agentFields = (agent: AgentFacts): Partial<CallRecord> => ({
  'gen_ai.agent.name': agent.name,
  'agent.inbound': agent.inbound,
  ...text('agent.session', agent.session),
  ...text('agent.actor', agent.actor),
  ...text('a2a.method', agent.method),
  ...text('a2a.task.id', agent.taskId),
  ...text('a2a.task.state', agent.taskState),
});

const tokenFields = ({ client, audience, actor, jti }: TokenFacts): Partial<CallRecord> => ({
  ...text('token.client', client),
  ...texts('token.audience', audience),
  ...text('token.actor', actor?.sub),
  ...text('token.actor.issuer', actor?.issuer),
  ...text('token.jti', jti),
});

const text = (name: keyof CallRecord, value: string | undefined): Partial<CallRecord> =>
  value === undefined ? {} : { [name]: bounded(value) };

const texts = (name: keyof CallRecord, values: readonly string[] = []): Partial<CallRecord> =>
  values.length === 0 ? {} : { [name]: values.slice(0, MAX_ITEMS).map(bounded) };

/** What JSON leaves alone and a terminal or a log viewer obeys: C1 controls, line breaks, and marks that turn text around. */
const UNSEEN = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** One line, of which every character is what it seems. */
export const recordLine = (record: CallRecord): string =>
  JSON.stringify(record).replace(UNSEEN, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);
