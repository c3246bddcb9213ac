import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpClient } from '@strands-agents/sdk';
import { OpenAIModel } from '@strands-agents/sdk/models/openai';
import type { AgentSettings } from './settings.ts';
import { modelTrace, toolTrace } from './tracing/model-span.ts';

type Trace = Readonly<Record<string, string>>;

/** A redirect would carry the caller's token to an address that nobody decided about. */
const STAY = { redirect: 'error' } as const;

/** The model, asked for the caller whose token it is. */
export const connectModel = ({ model, llmUrl }: AgentSettings, token: string, trace: Trace): OpenAIModel =>
  new OpenAIModel({
    api: 'chat',
    modelId: model,
    apiKey: token,
    clientConfig: {
      baseURL: llmUrl,
      maxRetries: 1,
      defaultHeaders: trace,
      fetchOptions: STAY,
      fetch: continuing(modelTrace),
      organization: null,
      project: null,
    },
  });

/** The tools, called for the caller whose token it is. */
export const connectTools = (url: string, token: string, trace: Trace): McpClient =>
  new McpClient({
    applicationName: 'gatehouse-agent',
    transport: new StreamableHTTPClientTransport(new URL(url), {
      requestInit: { ...STAY, headers: { ...trace, authorization: `Bearer ${token}` } },
      fetch: withoutListening,
    }),
    toolFilters: { allowed: [isUsable()] },
    // It would put the trace among the arguments of the tool; the headers carry it.
    disableMcpInstrumentation: true,
  });

/**
 * The library refuses all tools because of one whose name it does not take, or of two that differ in hyphens only. The agent
 * works without those instead: of two, with the first.
 */
const isUsable = (): ((tool: { readonly name: string }) => boolean) => {
  const taken = new Map<string, string>();
  return ({ name }) => {
    const folded = name.replaceAll('-', '_');
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name) || (taken.get(folded) ?? name) !== name) return false;
    taken.set(folded, name);
    return true;
  };
};

/** The client would open a second stream, for what a server says unasked. One invocation does not wait for that. */
const withoutListening = async (url: string | URL, init?: RequestInit): Promise<Response> =>
  init?.method === 'GET' ? new Response(null, { status: 405 }) : continuing(toolTrace)(url, init);

/** The span that calls takes the place of the caller's: without a tracer there is none, and the caller's stays. */
const continuing =
  (headersNow: () => Trace): typeof fetch =>
  (url, init) => {
    const headers = new Headers(init?.headers);
    for (const [name, value] of Object.entries(headersNow())) headers.set(name, value);
    return fetch(url, { ...init, headers });
  };
