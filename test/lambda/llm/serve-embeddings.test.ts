import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { noFacts } from '../../../lambda/core/call.ts';
import type { EmbeddingsCall } from '../../../lambda/core/embeddings.ts';
import { ANONYMOUS } from '../../../lambda/core/principal.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { readOpenAiEmbeddings, writeEmbeddings } from '../../../lambda/llm/wire/openai-embeddings.ts';
import { openAi } from '../../../lambda/providers/openai.ts';
import { type LlmGateway, startLlmGateway } from '../../support/llm-gateway.ts';

/** A model that embeds, of each kind of provider that has one. To cover another kind: add its row. */
const ROWS = [
  { name: 'openai', kind: 'openai', path: '/openai/v1', model: 'text-embedding-3-small', dimensions: 8, counts: true },
  { name: 'ollama', kind: 'openai-compatible', path: '/ollama/v1', model: 'nomic-embed', dimensions: 8, counts: true },
  { name: 'gemini', kind: 'gemini', path: '/gemini', model: 'gemini-embedding-001', dimensions: 8, counts: false },
  {
    name: 'titan',
    kind: 'bedrock',
    path: '/bedrock',
    model: 'amazon.titan-embed-text-v2:0',
    dimensions: 256,
    counts: true,
  },
  { name: 'cohere', kind: 'bedrock', path: '/bedrock', model: 'cohere.embed-v4:0', dimensions: 256, counts: false },
];

let gateway: LlmGateway;
beforeAll(async () => {
  gateway = await startLlmGateway(
    (simulators) => `
  providers:
    anthropic: { kind: anthropic, baseUrl: "${simulators}/anthropic", credential: key }
${ROWS.map(({ name, kind, path }) => `    ${name}: { kind: ${kind}, baseUrl: "${simulators}${path}"${kind === 'bedrock' ? '' : ', credential: key'} }`).join('\n')}
  models:
    failing: [openai/sim-529, openai/text-embedding-3-small]
    alike: [openai/sim-cut, ollama/sim-cut, openai/text-embedding-3-small]
  routes:
    /v1: { models: [failing, alike] }
    /anthropic: { provider: anthropic, fallbacks: [openai/text-embedding-3-small] }
    /denied: { provider: openai, authorization: { deny: ["llm.surface == 'embeddings'"] } }
    /limited: { provider: openai, rateLimits: [{ name: few, per: [llm.surface], requests: 1, every: hour }] }
${ROWS.map(({ name }) => `    /${name}: { provider: ${name} }`).join('\n')}
`,
  );
});
afterAll(() => gateway.close());

const client = (route: string): OpenAI =>
  new OpenAI({ apiKey: 'a-token', baseURL: `${gateway.url}/${route}/v1`.replace('/v1/v1', '/v1'), maxRetries: 0 });
const create = (route: string, body: object): Promise<OpenAI.CreateEmbeddingResponse> =>
  client(route).embeddings.create(body as OpenAI.EmbeddingCreateParams);
const errorOf = async (call: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> => {
  const thrown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof OpenAI.APIError)) throw new Error(`no API error: ${String(thrown)}`);
  return thrown;
};
const bytesOf = (base64: unknown): number[] => {
  const bytes = Buffer.from(String(base64), 'base64');
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
};

describe.each(ROWS)('embeddings of openai against $name ($kind)', ({ name, model, dimensions, counts }) => {
  const common = { model, input: ['one', 'two words', 'three'], dimensions };

  test('a vector for each text, in order, as numbers', async () => {
    const answer = await create(name, { ...common, encoding_format: 'float' });
    expect(answer).toMatchObject({ object: 'list', model });
    expect(answer.data.map(({ index, object }) => [index, object])).toEqual([0, 1, 2].map((at) => [at, 'embedding']));
    expect(answer.data.map(({ embedding }) => embedding.length)).toEqual([dimensions, dimensions, dimensions]);
    const alone = await create(name, { ...common, input: 'two words', encoding_format: 'float' });
    expect(alone.data[0]?.embedding).toEqual(answer.data[1]?.embedding);
  });

  test('the same as bytes, and through the package’s own decoding', async () => {
    const numbers = await create(name, { ...common, encoding_format: 'float' });
    const bytes = await create(name, { ...common, encoding_format: 'base64' });
    const decoded = await create(name, common);
    bytes.data.forEach(({ embedding }, at) => {
      const expected = numbers.data[at]?.embedding.map(Math.fround);
      expect(bytesOf(embedding)).toEqual(expected);
      expect(Array.from(decoded.data[at]?.embedding ?? [])).toEqual(expected);
    });
  });

  test('its tokens, in the answer and in the record', async () => {
    const answer = await create(name, common);
    expect(answer.usage.prompt_tokens).toBeGreaterThanOrEqual(3);
    expect(answer.usage.total_tokens).toBe(answer.usage.prompt_tokens);
    const record = gateway.records().at(-1);
    expect(record).toMatchObject({
      surface: 'embeddings',
      outcome: 'ok',
      'gen_ai.operation.name': 'embeddings',
      'gen_ai.request.model': model,
      'gen_ai.provider.name': name,
      'gen_ai.usage.input_tokens': answer.usage.prompt_tokens,
      'gen_ai.usage.output_tokens': 0,
      attempts: [{ provider: name, model, outcome: 'ok', status: 200 }],
    });
    expect(record?.usage_estimated).toBe(counts ? undefined : true);
  });

  test('many texts', async () => {
    const input = Array.from({ length: 205 }, (_, index) => `text ${index}`);
    const answer = await create(name, { ...common, input });
    expect(answer.data).toHaveLength(205);
    const last = await create(name, { ...common, input: 'text 204' });
    expect(Array.from(answer.data[204]?.embedding ?? [])).toEqual(Array.from(last.data[0]?.embedding ?? []));
  });

  test('token numbers, where they mean something', async () => {
    const call = create(name, { ...common, input: [[1, 2], [3]] });
    if (name === 'openai' || name === 'ollama') expect((await call).data).toHaveLength(2);
    else expect(await errorOf(call)).toMatchObject({ status: 400, code: 'unsupported_content', param: 'input' });
  });

  test('a provider’s trouble as the class it is', async () => {
    expect(await errorOf(create(name, { ...common, model: 'sim-429' }))).toMatchObject({
      status: expect.any(Number),
      code: name === 'titan' || name === 'cohere' ? 'surface_not_served' : 'upstream_limited',
    });
  });
});

describe('embeddings', () => {
  test('of OpenAI keep every field, but for what would say where to go', async () => {
    const { response } = await client('openai')
      .embeddings.create({
        model: 'text-embedding-3-small',
        input: 'x',
        user: 'u',
        novelty: 1,
        api_base: 'https://evil.example',
      } as OpenAI.EmbeddingCreateParams)
      .withResponse();
    const body = gateway.upstreamCalls().at(-1)?.body;
    expect(body).toMatchObject({ user: 'u', novelty: 1 });
    expect(body).not.toHaveProperty('api_base');
    expect(response.headers.get('x-gatehouse-dropped')).toBe('api_base');
  });

  test('have their price', async () => {
    const asked = { model: 'text-embedding-3-small', input: 'x'.repeat(4_000) }; // The simulator counts 1,000 tokens.
    const { response } = await client('openai').embeddings.create(asked).withResponse();
    expect(response.headers.get('x-gatehouse-cost-usd')).toBe('0.000020');
    expect(gateway.records().at(-1)?.cost_usd).toBe(0.000_02);
  });

  test('of a provider that has none are refused, and it is said who has them', async () => {
    const before = gateway.upstreamCalls().length;
    const error = await errorOf(create('anthropic', { model: 'claude-haiku-4-5', input: 'x' }));
    expect(error).toMatchObject({ status: 400, code: 'surface_not_served' });
    expect(error.message).toContain('openai, ollama');
    expect(error.message).not.toContain('anthropic');
    expect(gateway.upstreamCalls()).toHaveLength(before);
  });

  test('never come from another model than the first: its vectors could not be compared', async () => {
    expect(await errorOf(create('v1', { model: 'failing', input: 'x' }))).toMatchObject({ status: 503 });
    expect(gateway.records().at(-1)?.attempts).toHaveLength(1);
  });

  test('come from another provider of the same model', async () => {
    await errorOf(create('v1', { model: 'alike', input: 'x' }));
    const tried = gateway
      .records()
      .at(-1)
      ?.attempts.map(({ provider, model }) => `${provider}/${model}`);
    expect([...new Set(tried)]).toEqual(['openai/sim-cut', 'ollama/sim-cut']);
  });

  test('of fewer vectors than texts are a failure, not an answer', async () => {
    expect(await errorOf(create('ollama', { model: 'sim-empty', input: 'x' }))).toMatchObject({
      status: 502,
      code: 'upstream_failed',
    });
  });

  test('pass authorization and limits under their own name', async () => {
    const asked = { model: 'text-embedding-3-small', input: 'x' };
    expect(await errorOf(create('denied', asked))).toMatchObject({ status: 403, code: 'not_allowed' });
    await create('limited', asked);
    expect(await errorOf(create('limited', asked))).toMatchObject({ status: 429, code: 'rate_limited' });
    expect(await errorOf(create('v1', { model: 'nobody', input: 'x' }))).toMatchObject({ code: 'model_not_found' });
  });

  test('R142: are read for those who may ask, and a mistake does not count', async () => {
    const bad = { model: 'text-embedding-3-small', input: {}, encoding_format: 'hex' };
    expect(await errorOf(create('denied', bad))).toMatchObject({ status: 403, code: 'not_allowed' });
    expect(await errorOf(create('v1', { ...bad, model: 'nobody' }))).toMatchObject({ code: 'model_not_found' });
    // The limit is used up by now: a mistake is told before it is counted (R142).
    expect(await errorOf(create('limited', bad))).toMatchObject({ status: 400, code: 'invalid_request' });
  });

  test.each([
    [{}, 'model'],
    [{ model: 'm' }, 'input'],
    [{ model: 'm', input: [] }, 'input'],
    [{ model: 'm', input: {} }, 'input'],
    [{ model: 'm', input: [1, 'x'] }, 'input'],
    [{ model: 'm', input: ['x', 1] }, 'input[1]'],
    [{ model: 'm', input: [[1], []] }, 'input[1]'],
    [{ model: 'm', input: [[0.5]] }, 'input[0]'],
    [{ model: 'm', input: Array(2049).fill('x') }, 'input'],
    [{ model: 'm', input: 'x', dimensions: 0 }, 'dimensions'],
    [{ model: 'm', input: 'x', encoding_format: 'hex' }, 'encoding_format'],
  ])('of a bad request are refused before anybody is asked: %#', async (body, param) => {
    const before = gateway.upstreamCalls().length;
    const answer = await fetch(`${gateway.url}/openai/v1/embeddings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: 'invalid_request', param } });
    expect(gateway.upstreamCalls()).toHaveLength(before);
  });
});

const callOf = (body: Record<string, unknown>): EmbeddingsCall => ({
  id: 'req_1',
  principal: ANONYMOUS,
  token: undefined,
  request: { method: 'POST', path: '/', headers: {}, ip: '127.0.0.1' },
  route: '/v1',
  signal: new AbortController().signal,
  facts: noFacts(),
  model: String(body.model),
  body,
  ...readOpenAiEmbeddings(body),
});

describe('the wire of embeddings', () => {
  test('writes base64 as 32-bit floats, little-endian', () => {
    const call = callOf({ model: 'm', input: 'x', encoding_format: 'base64' });
    const reply = { type: 'vectors', vectors: [[1, -2.5]], provider: 'p', model: 'm' } as const;
    expect(writeEmbeddings(reply, call, 7)).toEqual({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: Buffer.from('0000803f000020c0', 'hex').toString('base64') }],
      model: 'm',
      usage: { prompt_tokens: 7, total_tokens: 7 },
    });
  });

  test('repeats what a provider of the dialect said, word for word', () => {
    const call = callOf({ model: 'm', input: 'x', encoding_format: 'base64' });
    const body = { data: [{ embedding: 'AACAPw==', index: 0, novelty: true }], model: 'other', usage: {} };
    const reply = openAi.embeddings?.toReply([body], call);
    expect(reply).toEqual({ type: 'native', body });
    if (reply !== undefined) expect(writeEmbeddings({ ...reply, provider: 'p', model: 'm' }, call, 1)).toBe(body);
  });

  test('names what only OpenAI knows', () => {
    expect(callOf({ model: 'm', input: 'x', user: 'u', novelty: 1, dimensions: null }).foreign).toEqual([
      'user',
      'novelty',
    ]);
  });

  test.each([[[]], [[{}]], [[{ data: [] }]]])('%j is no answer', (bodies) => {
    expect(() => openAi.embeddings?.toReply(bodies, callOf({ model: 'm', input: 'x' }))).toThrow(Refusal);
  });
});
