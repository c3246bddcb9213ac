import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { type Simulators, startSimulators } from '../../../local/simulators/start-simulators.ts';
import { untilAborted } from './until-aborted.ts';

let simulators: Simulators;
beforeAll(async () => {
  simulators = await startSimulators({ port: 0 });
});
afterAll(() => simulators.close());

const client = (provider = 'openai', apiKey = 'any-key') =>
  new OpenAI({ apiKey, baseURL: `${simulators.url}/${provider}/v1`, maxRetries: 0 });

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const tool = (name: string) => ({
  type: 'function' as const,
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
});
const user = (content: string) => [{ role: 'user' as const, content }];

describe('the openai package talks to the simulator', () => {
  test.each(['openai', 'xai', 'my-vllm'])('and %s says who it is', async (provider) => {
    const model = { openai: 'gpt-4o', xai: 'grok-4' }[provider] ?? 'whatever';
    const { data, response } = await client(provider)
      .chat.completions.create({ model, messages: user('hello') })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe(`Hello from the simulated ${provider} (${model}). You said: hello`);
    expect(data.choices[0]?.finish_reason).toBe('stop');
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
    expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('9999');
  });

  test('in a stream whose pieces make the same text', async () => {
    const stream = await client().chat.completions.create({ model: 'gpt-4o', stream: true, messages: user('hello') });
    const pieces: string[] = [];
    for await (const chunk of stream) pieces.push(chunk.choices[0]?.delta.content ?? '');
    expect(pieces.length).toBeGreaterThan(4);
    expect(pieces.join('')).toBe('Hello from the simulated openai (gpt-4o). You said: hello');
  });

  test('about two tools at once, streamed and with their results', async () => {
    const tools = [tool('weather'), tool('time')];
    const messages = user('call weather {"city":"Oslo"} call time {"city":"Rome"}');
    const streamed = client().chat.completions.stream({ model: 'gpt-4o', messages, tools });
    const whole = await client().chat.completions.create({ model: 'gpt-4o', messages, tools });
    const calls = (await streamed.finalChatCompletion()).choices[0]?.message.tool_calls ?? [];
    const named = (list: typeof calls) =>
      list.map((call) => (call.type === 'function' ? [call.function.name, call.function.arguments] : []));
    expect(named(calls)).toEqual([
      ['weather', '{"city":"Oslo"}'],
      ['time', '{"city":"Rome"}'],
    ]);
    expect(named(whole.choices[0]?.message.tool_calls ?? [])).toEqual(named(calls));
    expect(whole.choices[0]?.message.content).toBeNull();
    expect(whole.choices[0]?.finish_reason).toBe('tool_calls');

    const results = calls.map((call, index) => ({
      role: 'tool' as const,
      tool_call_id: call.id,
      content: `result ${index}`,
    }));
    const history = [...messages, { role: 'assistant' as const, tool_calls: calls }, ...results];
    const answer = await client().chat.completions.create({ model: 'gpt-4o', messages: history, tools });
    expect(answer.choices[0]?.message.content).toContain('result 0; result 1');
  });

  test('with an image', async () => {
    const content = [
      { type: 'text' as const, text: 'what is it?' },
      { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${PIXEL}` } },
    ];
    const answer = await client().chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content }] });
    expect(answer.choices[0]?.message.content).toContain('1 image');
  });

  test('and gets its errors as the classes it knows', async () => {
    const failing = (model: string, key?: string) =>
      client('openai', key).chat.completions.create({ model, messages: user('hello') });
    await expect(failing('gpt-4o', 'wrong-key')).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    await expect(failing('sim-429')).rejects.toBeInstanceOf(OpenAI.RateLimitError);
    await expect(failing('sim-500')).rejects.toBeInstanceOf(OpenAI.InternalServerError);
    await expect(failing('gpt-unheard-of')).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(
      client().chat.completions.create({ model: 'gpt-4o', messages: user('x'), tools: [] }),
    ).rejects.toMatchObject({ status: 400, param: 'tools', code: 'empty_array' });
  });

  test('leaves, and the simulator notices', async () => {
    const stream = await client().chat.completions.create({
      model: 'sim-stall',
      stream: true,
      messages: user('hello'),
    });
    for await (const _chunk of stream) break;
    stream.controller.abort();
    expect(await untilAborted(simulators)).toBe(true);
  });

  test('through the responses API, streamed or not', async () => {
    const params = {
      model: 'gpt-4o',
      input: 'call weather {"city":"Oslo"} say exactly: wait',
      instructions: 'Be kind',
    };
    const { parameters } = tool('weather').function;
    const tools = [{ type: 'function' as const, name: 'weather', strict: false, parameters }];
    const whole = await client().responses.create({ ...params, tools });
    const streamed = await client()
      .responses.stream({ ...params, tools })
      .finalResponse();
    expect(whole.output_text).toBe('wait');
    expect(whole.output.map((item) => item.type)).toEqual(['message', 'function_call']);
    const content = (response: typeof whole) =>
      JSON.parse(JSON.stringify(response.output).replaceAll(/sim\d+/g, 'sim')) as unknown;
    expect(streamed.output_text).toBe('wait');
    expect(streamed.output.map((item) => item.type)).toEqual(whole.output.map((item) => item.type));
    expect(streamed.usage).toEqual(whole.usage);
    expect(content(whole)).toContainEqual(expect.objectContaining({ name: 'weather', arguments: '{"city":"Oslo"}' }));
    const call = whole.output.find((item) => item.type === 'function_call');
    const history = [
      { role: 'user' as const, content: 'weather?' },
      { type: 'function_call' as const, call_id: call?.call_id ?? '', name: 'weather', arguments: '{}' },
      { type: 'function_call_output' as const, call_id: call?.call_id ?? '', output: 'sunny' },
    ];
    expect((await client().responses.create({ model: 'gpt-4o', input: history })).output_text).toContain('sunny');
  });

  test('for embeddings, as numbers or as bytes', async () => {
    const create = (encoding_format: 'float' | 'base64') =>
      client().embeddings.create({
        model: 'text-embedding-3-small',
        input: ['one', 'two'],
        dimensions: 8,
        encoding_format,
      });
    const numbers = await create('float');
    expect(numbers.data.map((each) => each.embedding.length)).toEqual([8, 8]);
    expect(numbers.usage.prompt_tokens).toBe(2);
    const bytes = (await create('base64')).data[0]?.embedding as unknown as string;
    const decoded = new Float32Array(Uint8Array.from(Buffer.from(bytes, 'base64')).buffer);
    expect(decoded[0]).toBeCloseTo(numbers.data[0]?.embedding[0] ?? 0, 5);
  });

  test('to list models', async () => {
    const listed = await client().models.list();
    expect(listed.data.map((model) => model.id)).toContain('gpt-4o');
  });
});
