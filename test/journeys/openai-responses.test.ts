import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { type LlmGateway, startLlmGateway } from '../support/llm-gateway.ts';
import { assembleResponse } from '../support/responses-stream.ts';

/** A kind of provider, as `openai` meets it through the Responses API. To cover another kind: add its row. */
interface Row {
  readonly name: string;
  readonly kind: string;
  /** Below the address of the simulators. */
  readonly path: string;
  readonly model: string;
  /** Speaks the dialect itself: every field passes. */
  readonly native?: true;
  /** `false`: has no way to make one call at a time. */
  readonly serialCalls?: false;
}

const ROWS: readonly Row[] = [
  { name: 'openai', kind: 'openai', path: '/openai/v1', model: 'gpt-4o', native: true },
  { name: 'anthropic', kind: 'anthropic', path: '/anthropic', model: 'claude-haiku-4-5' },
  { name: 'gemini', kind: 'gemini', path: '/gemini', model: 'gemini-3-flash-preview', serialCalls: false },
  { name: 'bedrock', kind: 'bedrock', path: '/bedrock', model: 'us.anthropic.claude-haiku-4-5-20251001-v1:0' },
  { name: 'xai', kind: 'openai-compatible', path: '/xai/v1', model: 'grok-4' },
];

let gateway: LlmGateway;
beforeAll(async () => {
  gateway = await startLlmGateway(
    (simulators) => `
  providers:
${ROWS.map(({ name, kind, path }) => `    ${name}: { kind: ${kind}, baseUrl: "${simulators}${path}"${kind === 'bedrock' ? '' : ', credential: key'} }`).join('\n')}
  models:
    smart: [anthropic/claude-haiku-4-5, openai/gpt-4o]
    failing: [anthropic/sim-529, openai/gpt-4o]
    held: [openai/gpt-4o]
  routes:
    /v1: { models: [smart, failing, held] }
${ROWS.map(({ name }) => `    /${name}: { provider: ${name} }`).join('\n')}
`,
  );
});
afterAll(() => gateway.close());

const client = (route: string): OpenAI =>
  new OpenAI({ apiKey: 'a-token', baseURL: `${gateway.url}${route}/v1`.replace('/v1/v1', '/v1'), maxRetries: 0 });
const upstream = () => gateway.upstreamCalls().at(-1);
const errorOf = async (call: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> => {
  const thrown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof OpenAI.APIError)) throw new Error(`no API error: ${String(thrown)}`);
  return thrown;
};

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const tool = (name: string): OpenAI.Responses.FunctionTool => ({
  type: 'function',
  name,
  description: `Looks up the ${name}`,
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  strict: false,
});
const TOOLS = [tool('weather'), tool('time')];
const TWO_CALLS = 'call weather {"city":"Oslo"} call time {"city":"Rome"} say exactly: wait';
const shapeOf = ({ output }: OpenAI.Responses.Response): unknown =>
  JSON.parse(JSON.stringify(output, (key, value) => (key === 'id' || key === 'call_id' ? key : value)));
const callsOf = ({ output }: OpenAI.Responses.Response) =>
  output.flatMap((item) => (item.type === 'function_call' ? [item] : []));

describe.each(ROWS)('the Responses API of openai against $name ($kind)', ({ name, model, native, serialCalls }) => {
  const openai = () => client(`/${name}`);

  test('text, instructions, usage, and a record of it', async () => {
    const { data, response } = await openai()
      .responses.create({ model, input: 'hello', instructions: 'Be kind' })
      .withResponse();
    expect(data.output_text).toBe(
      `Hello from the simulated ${name} (${model}). My instructions: Be kind. You said: hello`,
    );
    expect(data).toMatchObject({
      object: 'response',
      status: 'completed',
      model,
      error: null,
      instructions: 'Be kind',
    });
    expect(data.id).toMatch(/^resp_/);
    expect(data.usage?.total_tokens).toBe((data.usage?.input_tokens ?? 0) + (data.usage?.output_tokens ?? 0));
    expect(response.headers.get('x-gatehouse-provider')).toBe(name);
    expect(response.headers.get('x-gatehouse-dropped')).toBeNull();
    expect(gateway.records().at(-1)).toMatchObject({
      surface: 'openai-responses',
      outcome: 'ok',
      'gen_ai.usage.input_tokens': data.usage?.input_tokens,
      'gen_ai.usage.output_tokens': data.usage?.output_tokens,
      'gen_ai.response.finish_reason': 'stop',
    });
    expect(upstream()?.path.endsWith('/responses')).toBe(native === true);
  });

  test('a stream that assembles to the same response, usage included', async () => {
    const params = { model, input: 'write 40 words', metadata: { a: 'b' } };
    const whole = await openai().responses.create(params);
    const types: string[] = [];
    const stream = openai().responses.stream(params);
    stream.on('event', ({ type }) => void (types.at(-1) === type || types.push(type)));
    const streamed = await stream.finalResponse();
    expect(streamed.output_text).toBe(whole.output_text);
    expect(shapeOf(streamed)).toMatchObject(shapeOf(whole) as object);
    expect(streamed.usage).toEqual(whole.usage);
    expect(streamed.metadata).toEqual({ a: 'b' });
    expect(types).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(gateway.records().at(-1)).toMatchObject({ 'gen_ai.usage.output_tokens': whole.usage?.output_tokens });
  });

  test('on the wire, as strict as a client may be', async () => {
    const answer = await fetch(`${gateway.url}/${name}/v1/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, stream: true, input: TWO_CALLS, tools: TOOLS, reasoning: { effort: 'none' } }),
    });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    const { output, status } = assembleResponse(await answer.text());
    expect(status).toBe('completed');
    const types = output.map(({ type }) => type).filter((type) => type !== 'reasoning'); // R83: Gemini signs its calls.
    expect(types).toEqual(['message', 'function_call', 'function_call']);
  });

  test('two tools at once, with their results', async () => {
    const params = { model, input: TWO_CALLS, tools: TOOLS };
    const whole = await openai().responses.create(params);
    const streamed = await openai().responses.stream(params).finalResponse();
    const named = (response: OpenAI.Responses.Response) =>
      callsOf(response).map((call) => [call.name, JSON.parse(call.arguments)]);
    expect(named(whole)).toEqual([
      ['weather', { city: 'Oslo' }],
      ['time', { city: 'Rome' }],
    ]);
    expect(named(streamed)).toEqual(named(whole));
    expect(whole.output_text).toBe('wait');
    const input: OpenAI.Responses.ResponseInput = [
      { role: 'user', content: 'How is it in Oslo, how late in Rome?' },
      ...streamed.output.map((item) => JSON.parse(JSON.stringify({ ...item, parsed_arguments: undefined }))),
      ...callsOf(streamed).map(
        ({ call_id }, index): OpenAI.Responses.ResponseInputItem => ({
          type: 'function_call_output',
          call_id,
          output: `result ${index}`,
        }),
      ),
    ];
    const answer = await openai().responses.create({ model, input, tools: TOOLS });
    expect(answer.output_text).toContain('result 0; result 1');
  });

  test('a tool that must be called, and one call at a time', async () => {
    const forced = await openai().responses.create({
      model,
      input: 'hello',
      tools: TOOLS,
      tool_choice: { type: 'function', name: 'time' },
    });
    expect(callsOf(forced).map((call) => call.name)).toEqual(['time']);
    const { data: serial, response } = await openai()
      .responses.create({ model, input: TWO_CALLS, tools: TOOLS, parallel_tool_calls: false })
      .withResponse();
    if (serialCalls === false)
      expect(response.headers.get('x-gatehouse-dropped')).toBe('parallel_tool_calls'); // R32
    else expect(callsOf(serial)).toHaveLength(1);
  });

  test('an answer by a schema', async () => {
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    };
    const answer = await openai().responses.create({
      model,
      input: 'Where?',
      text: { format: { type: 'json_schema', name: 'place', schema, strict: true } },
    });
    expect(JSON.parse(answer.output_text)).toEqual({ city: expect.any(String) });
  });

  test('an image', async () => {
    const answer = await openai().responses.create({
      model,
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'what is it?' },
            { type: 'input_image', image_url: `data:image/png;base64,${PIXEL}`, detail: 'auto' },
          ],
        },
      ],
    });
    expect(answer.output_text).toContain('1 image');
  });

  test('too few tokens leave it incomplete, streamed or not', async () => {
    const params = { model, input: 'write 400 words', max_output_tokens: 16 };
    const whole = await openai().responses.create(params);
    expect(whole).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } });
    const types: string[] = [];
    for await (const { type } of await openai().responses.create({ ...params, stream: true })) types.push(type);
    expect(types.at(-1)).toBe('response.incomplete');
    expect(gateway.records().at(-1)).toMatchObject({ 'gen_ai.response.finish_reason': 'length' });
  });

  test('errors as the classes it knows', async () => {
    const ask = (more: object) => openai().responses.create({ model, input: 'hello', ...more } as never);
    expect(await errorOf(ask({ model: 'sim-429' }))).toBeInstanceOf(OpenAI.RateLimitError);
    expect(await errorOf(ask({ model: 'sim-500' }))).toBeInstanceOf(OpenAI.InternalServerError);
    expect(await errorOf(ask({ model: 'sim-500', stream: true }))).toBeInstanceOf(OpenAI.InternalServerError);
    expect(await errorOf(ask({ input: [] }))).toMatchObject({ status: 400, param: 'input', code: 'invalid_request' });
    expect(await errorOf(ask({ background: true }))).toMatchObject({ status: 400, param: 'background' });
  });

  test.each(['sim-cut', 'sim-error-mid'])('a stream that breaks off is an error (%s)', async (broken) => {
    const types: string[] = [];
    const stream = await openai().responses.create({ model: broken, input: 'write 60 words', stream: true });
    const thrown = await errorOf(
      (async () => {
        for await (const { type } of stream) types.push(type);
      })(),
    );
    expect(thrown.code).toMatch(/^upstream_/);
    expect(types).toContain('response.output_text.delta');
    expect(types).not.toContain('response.completed');
    expect(gateway.records().at(-1)).toMatchObject({ outcome: 'failed' });
  });

  test('leaving takes the upstream call with it', async () => {
    const stream = await openai().responses.create({ model: 'sim-stall', input: 'write 60 words', stream: true });
    for await (const { type } of stream) if (type === 'response.output_text.delta') break;
    const left = upstream();
    for (let tries = 0; left?.aborted !== true && tries < 100; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(left?.aborted).toBe(true);
  });

  test('what only OpenAI has is passed on, or named', async () => {
    const { response } = await openai()
      .responses.create({
        model,
        input: 'hello',
        truncation: 'auto',
        prompt_cache_key: 'k',
        tools: [{ type: 'web_search' }],
        api_base: 'https://evil.example',
      } as OpenAI.Responses.ResponseCreateParamsNonStreaming)
      .withResponse();
    const dropped = response.headers.get('x-gatehouse-dropped')?.split(', ') ?? [];
    const body = upstream()?.body as Record<string, unknown>;
    expect(dropped).toContain('api_base');
    expect(body).not.toHaveProperty('api_base');
    if (native)
      expect(body).toMatchObject({ truncation: 'auto', prompt_cache_key: 'k', tools: [{ type: 'web_search' }] });
    else expect(dropped).toEqual(expect.arrayContaining(['truncation', 'prompt_cache_key', 'web_search']));
    expect(dropped.includes('prompt_cache_key')).toBe(native !== true);
  });
});

describe('a conversation that OpenAI keeps', () => {
  const held = { model: 'held', previous_response_id: 'resp_of_yesterday', input: 'and then?' };

  test('is asked for where only OpenAI answers', async () => {
    const error = await errorOf(client('/v1').responses.create(held));
    expect(upstream()?.body).toMatchObject({ previous_response_id: 'resp_of_yesterday', model: 'gpt-4o' });
    expect(error).toMatchObject({ status: 400, code: 'upstream_rejected' }); // The simulator keeps none.
  });

  test.each([
    ['previous_response_id', held],
    ['conversation', { input: 'x', conversation: 'conv_1' }],
    ['prompt', { prompt: { id: 'pmpt_1' } }],
    [
      'input[1]',
      {
        input: [
          { role: 'user', content: 'x' },
          { type: 'item_reference', id: 'msg_1' },
        ],
      },
    ],
    ['input[0]', { input: [{ id: 'msg_1' }] }],
  ])('is refused by its name where anybody else might answer: %s', async (param, body) => {
    const before = gateway.upstreamCalls().length;
    const error = await errorOf(client('/v1').responses.create({ ...body, model: 'smart' } as never));
    expect(error).toMatchObject({ status: 400, code: 'unsupported_parameter', param });
    expect(error.message).toContain('send the whole conversation as input');
    expect(gateway.upstreamCalls()).toHaveLength(before);
  });
});

describe('one provider after another', () => {
  test('a provider that fails is replaced within the same call', async () => {
    const { data, response } = await client('/v1')
      .responses.create({ model: 'failing', input: 'hello' })
      .withResponse();
    expect(response.headers.get('x-gatehouse-provider')).toBe('openai');
    expect(data.output_text).toContain('You said: hello');
  });

  test('R80: what one thought is left out where another goes on', async () => {
    const thinking = { model: 'claude-haiku-4-5', reasoning: { effort: 'low' as const }, input: 'hello' };
    const first = await client('/anthropic').responses.create(thinking);
    const [thought] = first.output;
    expect(thought).toMatchObject({
      type: 'reasoning',
      encrypted_content: expect.stringMatching(/^gatehouse:thinking:./),
    });
    const input = [{ role: 'user', content: 'hello' }, ...first.output, { role: 'user', content: 'go on' }];
    await client('/anthropic').responses.create({ ...thinking, input: input as OpenAI.Responses.ResponseInput });
    expect(JSON.stringify(upstream()?.body)).toContain('"signature":');

    const { response } = await client('/openai')
      .responses.create({ model: 'gpt-4o', input: input as OpenAI.Responses.ResponseInput })
      .withResponse();
    expect(JSON.stringify(upstream()?.body)).not.toContain('gatehouse:');
    expect(upstream()?.body).toMatchObject({ input: [{ role: 'user' }, { type: 'message' }, { role: 'user' }] });
    expect(response.headers.get('x-gatehouse-dropped')).toBe('input.reasoning.encrypted_content');
  });
});
