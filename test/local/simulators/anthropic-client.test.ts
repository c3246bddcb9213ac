import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Simulators, startSimulators } from '../../../local/simulators/start-simulators.ts';
import { untilAborted } from './until-aborted.ts';

let simulators: Simulators;
beforeAll(async () => {
  simulators = await startSimulators({ port: 0 });
});
afterAll(() => simulators.close());

const client = (apiKey = 'any-key') => new Anthropic({ apiKey, baseURL: `${simulators.url}/anthropic`, maxRetries: 0 });
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const common = { model: 'claude-sonnet-4-6', max_tokens: 1_000 };
const user = (content: string) => [{ role: 'user' as const, content }];
const tool = (name: string) => ({
  name,
  input_schema: { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] },
});
const withoutIds = (message: unknown): unknown =>
  JSON.parse(JSON.stringify(message).replaceAll(/sim\d+/g, 'sim')) as unknown;

describe('the anthropic package talks to the simulator', () => {
  test('and it says who it is', async () => {
    const { data, response } = await client()
      .messages.create({ ...common, messages: user('hello') })
      .withResponse();
    expect(data.content).toEqual([
      { type: 'text', text: 'Hello from the simulated anthropic (claude-sonnet-4-6). You said: hello' },
    ]);
    expect(data.stop_reason).toBe('end_turn');
    expect(response.headers.get('request-id')).toMatch(/^req_/);
    expect(response.headers.get('anthropic-ratelimit-requests-remaining')).toBe('3999');
  });

  test('in a stream that assembles to the same message, usage included', async () => {
    const params = {
      ...common,
      system: 'Be kind',
      messages: user('call weather {"city":"Oslo"} call time {"city":"Rome"} say exactly: one moment'),
      tools: [tool('weather'), tool('time')],
    };
    const whole = await client().messages.create(params);
    const streamed = await client().messages.stream(params).finalMessage();
    expect(whole.content.map((block) => block.type)).toEqual(['text', 'tool_use', 'tool_use']);
    expect(withoutIds(streamed.content)).toEqual(withoutIds(whole.content));
    expect(streamed.stop_reason).toBe('tool_use');
    expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens);
    expect(streamed.usage.input_tokens).toBe(whole.usage.input_tokens);
  });

  test('and gets an answer that quotes the results of its tools', async () => {
    const tools = [tool('weather'), tool('time')];
    const messages = user('call weather {"city":"Oslo"} call time {"city":"Rome"}');
    const { content } = await client().messages.create({ ...common, messages, tools });
    const calls = content.filter((block) => block.type === 'tool_use');
    const results = calls.map(({ id }, index) => ({
      type: 'tool_result' as const,
      tool_use_id: id,
      content: `result ${index}`,
    }));
    const history = [
      ...messages,
      { role: 'assistant' as const, content: calls },
      { role: 'user' as const, content: results },
    ];
    const answer = await client().messages.create({ ...common, messages: history, tools });
    expect(JSON.stringify(answer.content)).toContain('result 0; result 1');
  });

  test('with an image', async () => {
    const source = { type: 'base64' as const, media_type: 'image/png' as const, data: PIXEL };
    const content = [
      { type: 'image' as const, source },
      { type: 'text' as const, text: 'what is it?' },
    ];
    const answer = await client().messages.create({ ...common, messages: [{ role: 'user', content }] });
    expect(JSON.stringify(answer.content)).toContain('1 image');
  });

  test('with thinking, whose signature must come back', async () => {
    const thinking = { type: 'enabled' as const, budget_tokens: 1_024 };
    const params = { ...common, max_tokens: 2_000, thinking, messages: user('hello') };
    const answer = await client().messages.create(params);
    expect(answer.content.map((block) => block.type)).toEqual(['thinking', 'text']);
    const again = [...user('hello'), { role: 'assistant' as const, content: answer.content }, ...user('and now?')];
    await expect(client().messages.create({ ...params, messages: again })).resolves.toBeDefined();
    const forged = JSON.parse(JSON.stringify(again).replace('c2lt', 'AAAA')) as typeof again;
    await expect(client().messages.create({ ...params, messages: forged })).rejects.toBeInstanceOf(
      Anthropic.BadRequestError,
    );
  });

  test('and gets its errors as the classes it knows', async () => {
    const failing = (model: string, key?: string) =>
      client(key).messages.create({ ...common, model, messages: user('hello') });
    await expect(failing('claude-sonnet-4-6', 'revoked-key')).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
    await expect(failing('sim-429')).rejects.toBeInstanceOf(Anthropic.RateLimitError);
    await expect(failing('sim-529')).rejects.toMatchObject({
      status: 529,
      error: { error: { type: 'overloaded_error' } },
    });
    await expect(failing('claude-unheard-of')).rejects.toBeInstanceOf(Anthropic.NotFoundError);
    await expect(
      client()
        .messages.stream({ ...common, model: 'sim-error-mid', messages: user('hello') })
        .finalMessage(),
    ).rejects.toThrow(/Overloaded/);
  });

  test('leaves, and the simulator notices', async () => {
    const stream = client().messages.stream({ ...common, model: 'sim-stall', messages: user('hello') });
    for await (const event of stream) if (event.type === 'content_block_delta') break;
    stream.abort();
    expect(await untilAborted(simulators)).toBe(true);
  });

  test('to count tokens as its answers count them', async () => {
    const params = {
      model: 'claude-sonnet-4-6',
      system: 'Be kind',
      messages: user('hello there'),
      tools: [tool('time')],
    };
    const counted = await client().messages.countTokens(params);
    const answer = await client().messages.create({ ...params, max_tokens: 10 });
    expect(counted.input_tokens).toBe(answer.usage.input_tokens);
  });

  test('to list models', async () => {
    const listed = await client().models.list();
    expect(listed.data.map((model) => model.id)).toContain('claude-sonnet-4-6');
  });
});
