/** One small request in every dialect, for what holds of all providers. */
export interface Dialect {
  readonly path: (model: string, streamed: boolean) => string;
  readonly headers: (key: string) => Record<string, string>;
  readonly body: (model: string, text: string, streamed: boolean) => object;
  /** The text of a whole answer. */
  readonly text: (answer: never) => string;
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const chat = (provider: string): Dialect => ({
  path: () => `/${provider}/v1/chat/completions`,
  headers: bearer,
  body: (model, text, stream) => ({ model, stream, messages: [{ role: 'user', content: text }] }),
  text: (answer: { choices: { message: { content: string } }[] }) => answer.choices[0]?.message.content ?? '',
});

export const DIALECTS: Readonly<Record<string, Dialect>> = {
  openai: chat('openai'),
  xai: chat('xai'),
  ollama: chat('ollama'),
  'openai responses': {
    path: () => '/openai/v1/responses',
    headers: bearer,
    body: (model, text, stream) => ({ model, stream, input: text }),
    text: (answer: { output: { content: { text: string }[] }[] }) => answer.output[0]?.content[0]?.text ?? '',
  },
  anthropic: {
    path: () => '/anthropic/v1/messages',
    headers: (key) => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01' }),
    body: (model, text, stream) => ({ model, stream, max_tokens: 1_000, messages: [{ role: 'user', content: text }] }),
    text: (answer: { content: { text: string }[] }) => answer.content[0]?.text ?? '',
  },
  gemini: {
    path: (model, streamed) =>
      `/gemini/v1beta/models/${model}:${streamed ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    headers: (key) => ({ 'x-goog-api-key': key }),
    body: (_model, text) => ({ contents: [{ role: 'user', parts: [{ text }] }] }),
    text: (answer: { candidates: { content: { parts?: { text: string }[] } }[] }) =>
      answer.candidates[0]?.content.parts?.[0]?.text ?? '',
  },
  bedrock: {
    path: (model, streamed) => `/bedrock/model/${encodeURIComponent(model)}/converse${streamed ? '-stream' : ''}`,
    headers: bearer,
    body: (_model, text) => ({ messages: [{ role: 'user', content: [{ text }] }] }),
    text: (answer: { output: { message: { content: { text: string }[] } } }) =>
      answer.output.message.content[0]?.text ?? '',
  },
};

export interface Asking {
  readonly model: string;
  readonly text?: string;
  readonly streamed?: boolean;
  readonly key?: string;
  readonly signal?: AbortSignal;
}

/** Sends one user text to one simulated provider. */
export const ask = (url: string, dialect: string, asking: Asking): Promise<Response> => {
  const { model, text = 'hello', streamed = false, key = 'any-key', signal } = asking;
  const spoken = DIALECTS[dialect];
  if (spoken === undefined) throw new Error(`no dialect ${dialect}`);
  return fetch(`${url}${spoken.path(model, streamed)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...spoken.headers(key) },
    body: JSON.stringify(spoken.body(model, text, streamed)),
    ...(signal === undefined ? {} : { signal }),
  });
};

/** The data of server-sent events, parsed where they are JSON. */
export const eventsIn = (text: string): { readonly event: string | undefined; readonly data: unknown }[] =>
  text
    .split(/\r?\n\r?\n/)
    .filter((block) => block.trim() !== '')
    .map((block) => {
      const lines = block.split(/\r?\n/);
      const data = lines.find((line) => line.startsWith('data: '))?.slice(6) ?? '';
      return {
        event: lines.find((line) => line.startsWith('event: '))?.slice(7),
        data: data === '[DONE]' ? data : (JSON.parse(data) as unknown),
      };
    });
