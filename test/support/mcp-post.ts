type Json = Record<string, unknown>;

export const MODERN = '2026-07-28';

export interface Posted {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

export const post = async (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Posted> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = (response.headers.get('content-type') ?? '').startsWith('application/json');
  return {
    status: response.status,
    headers: response.headers,
    text,
    get json() {
      return isJson ? JSON.parse(text) : undefined;
    },
  };
};

export const envelope = (capabilities: Json = {}): Json => ({
  'io.modelcontextprotocol/protocolVersion': MODERN,
  'io.modelcontextprotocol/clientCapabilities': capabilities,
});

export const mirrors = (method: string, name?: string): Record<string, string> => ({
  'mcp-protocol-version': MODERN,
  'mcp-method': method,
  ...(name === undefined ? {} : { 'mcp-name': name }),
});

/** A request of a 2026-07-28 client. */
export const ask = (
  url: string,
  method: string,
  params: Json = {},
  { capabilities = {}, headers = {} }: { capabilities?: Json; headers?: Record<string, string> } = {},
): Promise<Posted> => {
  const name = params.name ?? params.uri;
  const own = { ...params, _meta: { ...envelope(capabilities), ...(params._meta as Json | undefined) } };
  return post(
    url,
    { jsonrpc: '2.0', id: 1, method, params: own },
    { ...mirrors(method, typeof name === 'string' ? name : undefined), ...headers },
  );
};

/** The same of a 2025 client. */
export const askLegacy = (url: string, method: string, params: Json = {}): Promise<Posted> =>
  post(url, { jsonrpc: '2.0', id: 1, method, params }, { 'mcp-protocol-version': '2025-11-25' });
