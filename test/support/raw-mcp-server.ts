import { text } from 'node:stream/consumers';
import { listen } from './loopback.ts';

type Json = Record<string, unknown>;

/** A request that reached the server. */
export interface Received {
  readonly method: string;
  readonly params: Json;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface RawMcpServer {
  readonly name: string;
  readonly url: string;
  readonly received: Received[];
  /** Calls, and whatever else is not a list. */
  calls(): Received[];
  close(): Promise<void>;
}

/** A method's result as JSON text, written by hand so that nothing is lost or added on the way out; or a whole error. */
export type RawAnswer = (
  params: Json,
  received: Received,
) => string | { readonly error: string } | { readonly status: number };

const LISTS: Readonly<Record<string, string>> = {
  'tools/list': '{"resultType":"complete","tools":[]}',
  'prompts/list': '{"resultType":"complete","prompts":[]}',
  'resources/list': '{"resultType":"complete","resources":[]}',
  'resources/templates/list': '{"resultType":"complete","resourceTemplates":[]}',
};

/** A 2026-07-28 server of which every byte is the test's. */
export const startRawMcpServer = async (
  name: string,
  answers: Readonly<Record<string, RawAnswer>>,
): Promise<RawMcpServer> => {
  const received: Received[] = [];
  const server = await listen(async (request, response) => {
    const body = await text(request);
    const { id, method, params = {} } = JSON.parse(body);
    const one = { method, params, headers: request.headers, body };
    received.push(one);
    if (method === 'server/discover' && answers[method] === undefined)
      return void send(response, 200, id, '{"supportedVersions":["2026-07-28"],"capabilities":{}}');
    const answer = answers[method]?.(params, one) ?? LISTS[method] ?? { error: '{"code":-32601,"message":"no"}' };
    if (typeof answer === 'string') return void send(response, 200, id, answer);
    if ('status' in answer) return void response.writeHead(answer.status).end();
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":${answer.error}}`);
  });
  return {
    name,
    url: server.url,
    received,
    calls: () => received.filter(({ method }) => !method.endsWith('/list') && method !== 'server/discover'),
    close: server.close,
  };
};

const send = (
  response: { writeHead(status: number, headers: Record<string, string>): unknown; end(body: string): unknown },
  status: number,
  id: unknown,
  result: string,
): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`);
};

export const toolsList =
  (...tools: readonly (string | Json)[]): RawAnswer =>
  () =>
    JSON.stringify({
      resultType: 'complete',
      tools: tools.map((tool) =>
        typeof tool === 'string' ? { name: tool, description: tool, inputSchema: { type: 'object' } } : tool,
      ),
    });
