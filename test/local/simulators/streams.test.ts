import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Simulators, startSimulators } from '../../../local/simulators/start-simulators.ts';
import { ask, eventsIn } from './dialects.ts';

let simulators: Simulators;
beforeAll(async () => {
  simulators = await startSimulators({ port: 0 });
});
afterAll(() => simulators.close());

const post = async (path: string, body: object, headers: Record<string, string> = {}): Promise<Response> => {
  const all = { authorization: 'Bearer k', 'anthropic-version': '2023-06-01', 'x-goog-api-key': 'k', ...headers };
  const response = await fetch(`${simulators.url}${path}`, {
    method: 'POST',
    headers: all,
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
  return response;
};

const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const TEXT = 'call weather {"city":"Oslo"} call time {"city":"Rome"} say exactly: one moment please';

const chat = {
  model: 'gpt-4o',
  messages: [{ role: 'user', content: TEXT }],
  tools: ['weather', 'time'].map((name) => ({ type: 'function', function: { name, parameters } })),
};

interface Chunk {
  readonly id: string;
  readonly usage?: unknown;
  readonly choices: {
    delta: {
      role?: string;
      content?: string;
      tool_calls?: { index: number; id?: string; function: { arguments: string } }[];
    };
    finish_reason: string | null;
  }[];
}

describe('a chat completion stream', () => {
  const chunks = async (more: object) => {
    const events = eventsIn(
      await (await post('/openai/v1/chat/completions', { ...chat, stream: true, ...more })).text(),
    );
    expect(events.at(-1)?.data).toBe('[DONE]');
    return events.slice(0, -1).map(({ data }) => data as Chunk);
  };

  test('begins with the role, ends with the reason, and has no usage unless asked', async () => {
    const all = await chunks({});
    expect(all[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '', refusal: null });
    expect(all.map((chunk) => chunk.choices[0]?.finish_reason).filter((reason) => reason !== null)).toEqual([
      'tool_calls',
    ]);
    expect(all.at(-1)?.choices[0]).toMatchObject({ delta: {}, finish_reason: 'tool_calls' });
    expect(all.some((chunk) => 'usage' in chunk)).toBe(false);
    expect(new Set(all.map((chunk) => chunk.id)).size).toBe(1);
  });

  test('counts calls from 0 and names each only once', async () => {
    const calls = (await chunks({})).flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    expect(calls.filter((call) => call.id !== undefined).map((call) => [call.index, call.function.arguments])).toEqual([
      [0, ''],
      [1, ''],
    ]);
    const joined = [0, 1].map((index) =>
      calls
        .filter((call) => call.index === index)
        .map((call) => call.function.arguments)
        .join(''),
    );
    expect(joined).toEqual(['{"city":"Oslo"}', '{"city":"Rome"}']);
  });

  test('ends with the usage of the answer that is not streamed, in a chunk of its own', async () => {
    const whole = (await (await post('/openai/v1/chat/completions', chat)).json()) as { usage: object };
    const all = await chunks({ stream_options: { include_usage: true } });
    expect(all.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect(all.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
    expect(whole.usage).toMatchObject({ total_tokens: expect.any(Number) });
  });
});

describe('a messages stream', () => {
  const request = {
    model: 'claude-sonnet-4-5',
    max_tokens: 500,
    messages: [{ role: 'user', content: TEXT }],
    tools: ['weather', 'time'].map((name) => ({ name, input_schema: parameters })),
  };

  test('has the order, names and indices of the API', async () => {
    const response = await post('/anthropic/v1/messages', { ...request, stream: true });
    const events = eventsIn(await response.text());
    expect(events.map(({ event }) => event)).toEqual(events.map(({ data }) => (data as { type: string }).type));
    const steps = events.map(({ data }) => {
      const { type, index } = data as { type: string; index?: number };
      return index === undefined ? type : `${type} ${index}`;
    });
    const once = steps.filter((step, at) => step !== steps[at - 1]);
    const block = (index: number) => ['start', 'delta', 'stop'].map((what) => `content_block_${what} ${index}`);
    expect(once).toEqual([
      'message_start',
      'content_block_start 0',
      'ping',
      ...block(0).slice(1),
      ...block(1),
      ...block(2),
      'message_delta',
      'message_stop',
    ]);
  });

  test('reports the usage of the answer that is not streamed', async () => {
    const whole = (await (await post('/anthropic/v1/messages', request)).json()) as {
      usage: { input_tokens: number; output_tokens: number };
    };
    const events = eventsIn(await (await post('/anthropic/v1/messages', { ...request, stream: true })).text());
    const { input_tokens, output_tokens } = whole.usage;
    expect(events[0]?.data).toMatchObject({ message: { usage: { input_tokens }, content: [], stop_reason: null } });
    expect(events.at(-2)?.data).toMatchObject({ delta: { stop_reason: 'tool_use' }, usage: { output_tokens } });
  });

  test('counts a cached prefix apart', async () => {
    const system = [{ type: 'text', text: 'x'.repeat(400), cache_control: { type: 'ephemeral' } }];
    const { usage } = (await (
      await post('/anthropic/v1/messages', { ...request, tools: undefined, system })
    ).json()) as { usage: object };
    expect(usage).toMatchObject({
      cache_read_input_tokens: 100,
      input_tokens: Math.ceil((400 + TEXT.length) / 4) - 100,
    });
  });

  test('of a tool without arguments has no fragment but the empty one', async () => {
    const tools = [{ name: 'now', input_schema: { type: 'object', properties: {} } }];
    const messages = [{ role: 'user', content: 'call now' }];
    const text = await (await post('/anthropic/v1/messages', { ...request, messages, tools, stream: true })).text();
    expect(text.match(/"partial_json":"[^"]*"/g)).toEqual(['"partial_json":""']);
  });
});

describe('a responses stream', () => {
  test('has the order of the API, and ends with the whole response', async () => {
    const tools = chat.tools.map((tool) => ({ type: 'function', ...tool.function }));
    const body = { model: 'gpt-4o', input: TEXT, tools, stream: true };
    const events = eventsIn(await (await post('/openai/v1/responses', body)).text());
    const numbers = events.map(({ data }) => (data as { sequence_number: number }).sequence_number);
    expect(numbers).toEqual(numbers.map((_, index) => index));
    const names = events
      .map(({ event }) => event?.slice('response.'.length))
      .filter((name, at, all) => name !== all[at - 1]);
    const call = [
      'output_item.added',
      'function_call_arguments.delta',
      'function_call_arguments.done',
      'output_item.done',
    ];
    const text = ['content_part.added', 'output_text.delta', 'output_text.done', 'content_part.done'];
    expect(names).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      ...text,
      'output_item.done',
      ...call,
      ...call,
      'completed',
    ]);
    const whole = (await (await post('/openai/v1/responses', { ...body, stream: false })).json()) as { usage: object };
    expect(events.at(-1)?.data).toMatchObject({ response: { status: 'completed', usage: whole.usage } });
  });
});

describe('a Gemini stream', () => {
  const body = {
    contents: [{ role: 'user', parts: [{ text: TEXT }] }],
    tools: [{ functionDeclarations: ['weather', 'time'].map((name) => ({ name, parameters })) }],
  };
  interface Chunk {
    readonly candidates: {
      content: { parts: { text?: string; functionCall?: object; thoughtSignature?: string }[] };
      finishReason?: string;
    }[];
    readonly usageMetadata: { totalTokenCount: number };
  }

  test('gives calls whole, counts up, and says once why it ended', async () => {
    const response = await post('/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse', body);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const chunks = eventsIn(await response.text()).map(({ data }) => data as Chunk);
    const parts = chunks.flatMap((chunk) => chunk.candidates[0]?.content.parts ?? []);
    expect(parts.map((part) => part.text ?? '').join('')).toBe('one moment please');
    expect(parts.flatMap((part) => part.functionCall ?? [])).toEqual([
      { name: 'weather', args: { city: 'Oslo' } },
      { name: 'time', args: { city: 'Rome' } },
    ]);
    expect(chunks.flatMap((chunk) => chunk.candidates[0]?.finishReason ?? [])).toEqual(['STOP']);
    const totals = chunks.map((chunk) => chunk.usageMetadata.totalTokenCount);
    expect(totals).toEqual(totals.toSorted((one, other) => one - other));
    const whole = (await (await post('/gemini/v1beta/models/gemini-2.5-flash:generateContent', body)).json()) as Chunk;
    expect(chunks.at(-1)?.usageMetadata).toEqual(whole.usageMetadata);
  });

  test('without alt=sse is one JSON array', async () => {
    const response = await post('/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent', body);
    expect(((await response.json()) as Chunk[]).length).toBeGreaterThan(3);
  });

  test('of a model that signs its thoughts has ids, and a signature on the first call', async () => {
    const whole = (await (
      await post('/gemini/v1beta/models/gemini-3-pro-preview:generateContent', body)
    ).json()) as Chunk;
    const calls = whole.candidates[0]?.content.parts.filter((part) => part.functionCall !== undefined) ?? [];
    expect(calls.map((call) => [typeof call.thoughtSignature, 'id' in (call.functionCall ?? {})])).toEqual([
      ['string', true],
      ['undefined', true],
    ]);
  });

  test('shows thoughts when asked, and counts them apart', async () => {
    const thinkingConfig = { includeThoughts: true, thinkingBudget: 1_024 };
    const whole = (await (
      await post('/gemini/v1beta/models/gemini-2.5-flash:generateContent', {
        ...body,
        generationConfig: { thinkingConfig },
      })
    ).json()) as Chunk;
    expect(whole.candidates[0]?.content.parts[0]).toMatchObject({ thought: true });
    const { promptTokenCount, candidatesTokenCount, thoughtsTokenCount, totalTokenCount } =
      whole.usageMetadata as unknown as Record<string, number>;
    expect(totalTokenCount).toBe((promptTokenCount ?? 0) + (candidatesTokenCount ?? 0) + (thoughtsTokenCount ?? 0));
    expect(thoughtsTokenCount).toBeGreaterThan(0);
  });

  test('is joined by counts and embeddings', async () => {
    const whole = (await (await post('/gemini/v1beta/models/gemini-2.5-flash:generateContent', body)).json()) as {
      usageMetadata: { promptTokenCount: number };
    };
    const generateContentRequest = { model: 'models/gemini-2.5-flash', ...body };
    const counted = (await (
      await post('/gemini/v1beta/models/gemini-2.5-flash:countTokens', { generateContentRequest })
    ).json()) as object;
    expect(counted).toMatchObject({ totalTokens: whole.usageMetadata.promptTokenCount });
    const content = { parts: [{ text: 'hello' }] };
    const requests = [{ model: 'models/gemini-embedding-001', content, outputDimensionality: 8 }];
    const one = await (
      await post('/gemini/v1beta/models/gemini-embedding-001:embedContent', { content, outputDimensionality: 8 })
    ).json();
    const many = await (
      await post('/gemini/v1beta/models/gemini-embedding-001:batchEmbedContents', { requests })
    ).json();
    expect((many as { embeddings: object[] }).embeddings).toEqual([(one as { embedding: object }).embedding]);
  });
});

test('deltas arrive one after the other, not all at once', async () => {
  const response = await ask(simulators.url, 'openai', { model: 'sim-paced-5', streamed: true });
  let arrivals = 0;
  for await (const _chunk of response.body ?? []) arrivals++;
  expect(arrivals).toBeGreaterThan(5);
});

test('deltas never split a code point', async () => {
  const text = `say exactly: ${'🙂é'.repeat(20)}`;
  const response = await ask(simulators.url, 'openai', { model: 'gpt-4o', text, streamed: true });
  const raw = await response.text();
  expect(raw).not.toMatch(/\\ud[89ab]/i);
  expect(
    raw
      .match(/"content":"([^"]*)"/g)
      ?.map((piece) => piece.slice(11, -1))
      .join(''),
  ).toBe('🙂é'.repeat(20));
});
