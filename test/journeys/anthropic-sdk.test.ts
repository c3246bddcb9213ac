import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CallRecord } from '../../lambda/telemetry/record.ts';
import { startTestGateway, type TestGateway } from '../support/local-gateway.ts';

/** A kind of provider, as `@anthropic-ai/sdk` meets it. To cover another kind: add its row. */
interface Row {
  readonly name: string;
  readonly kind: string;
  /** Further keys of the provider in the policy. */
  readonly yaml?: string;
  readonly model: string;
  /** Speaks Anthropic's dialect itself: every field passes. */
  readonly native?: true;
  /** Says which stop sequence it met. */
  readonly tellsStopSequence?: true;
}

const ROWS: readonly Row[] = [
  { name: 'anthropic', kind: 'anthropic', model: 'claude-haiku-4-5', native: true, tellsStopSequence: true },
  { name: 'openai', kind: 'openai', model: 'gpt-4o' },
  { name: 'xai', kind: 'openai-compatible', yaml: 'baseUrl: https://api.x.ai/v1, ', model: 'grok-4' },
];

const POLICY = `
name: journey
identity:
  providers:
    okta: { kind: okta, issuer: "\${OKTA_ISSUER:-https://okta.example/oauth2/default}", audiences: [api://default] }
credentials: { ${ROWS.map(({ name }) => `${name}-api-key: {}`).join(', ')} }
defaults:
  authorization: { allow: ["'llm:call' in principal.scopes"] }
llm:
  providers:
${ROWS.map(({ name, kind, yaml = '' }) => `    ${name}: { kind: ${kind}, ${yaml}credential: ${name}-api-key }`).join('\n')}
  models:
    smart: [anthropic/sim-529, openai/gpt-4o]
  routes:
    /v1: { models: [smart] }
${ROWS.map(({ name }) => `    /${name}: { provider: ${name} }`).join('\n')}
`;

let gateway: TestGateway;
let jane: string;
beforeAll(async () => {
  gateway = await startTestGateway(POLICY);
  jane = await gateway.token('jane');
});
afterAll(() => gateway.close());

const client = (route: string, options: ConstructorParameters<typeof Anthropic>[0] = {}): Anthropic =>
  new Anthropic({ apiKey: null, authToken: jane, baseURL: `${gateway.url}${route}`, maxRetries: 0, ...options });

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const user = (content: string) => [{ role: 'user' as const, content }];
const tool = (name: string): Anthropic.Tool => ({
  name,
  description: `Looks up the ${name}`,
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
});
const TOOLS = [tool('weather'), tool('time')];
const textOf = ({ content }: Anthropic.Message): string =>
  content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('');
const withoutIds = (content: unknown): unknown =>
  JSON.parse(JSON.stringify(content, (key, value) => (key === 'id' ? 'id' : value)));
const upstream = () => gateway.upstreamCalls().at(-1);
const errorOf = async (call: Promise<unknown>): Promise<InstanceType<typeof Anthropic.APIError>> => {
  const thrown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof Anthropic.APIError)) throw new Error(`no API error: ${String(thrown)}`);
  return thrown;
};

describe.each(ROWS)('@anthropic-ai/sdk against $name ($kind)', ({ name, model, native, tellsStopSequence }) => {
  const common = { model, max_tokens: 1_000 };
  const anthropic = () => client(`/${name}`);

  test('text, usage, and an id to ask about', async () => {
    const { data, response, request_id } = await anthropic()
      .messages.create({ ...common, messages: user('hello') })
      .withResponse();
    expect(data).toMatchObject({
      type: 'message',
      role: 'assistant',
      model,
      stop_reason: 'end_turn',
      stop_sequence: null,
    });
    expect(textOf(data)).toBe(`Hello from the simulated ${name} (${model}). You said: hello`);
    expect(data.usage.input_tokens).toBe(2);
    expect(data.usage.output_tokens).toBeGreaterThan(5);
    expect(response.headers.get('x-gatehouse-provider')).toBe(name);
    expect(request_id).toBe(response.headers.get('x-request-id'));
    const record = await gateway.recordOf(request_id ?? null);
    expect(record).toMatchObject({ surface: 'anthropic-messages', outcome: 'ok', 'gen_ai.usage.input_tokens': 2 });
  });

  test('R150: the id of a call is ours, and the provider’s own stands beside it', async () => {
    const ask = { ...common, messages: user('hello') };
    const { response, request_id } = await anthropic().messages.create(ask).withResponse();
    const record = await gateway.recordOf(request_id ?? null);
    expect(response.headers.get('request-id')).toBe(response.headers.get('x-request-id'));
    const own = response.headers.get('x-gatehouse-upstream-request-id');
    expect(own).toBe(record.attempts.at(-1)?.upstreamRequestId ?? null);
    if (native) expect(own).toMatch(/^req_/);
    expect(own).not.toBe(request_id);
  });

  test('a stream that assembles to the same message, usage included', async () => {
    const params = { ...common, system: 'Be kind', messages: user('write 40 words') };
    const whole = await anthropic().messages.create(params);
    const events: string[] = [];
    const stream = anthropic().messages.stream(params);
    stream.on('streamEvent', ({ type }) => void (events.at(-1) === type || events.push(type)));
    const streamed = await stream.finalMessage();
    expect(streamed.content).toEqual(whole.content);
    expect(streamed.stop_reason).toBe('end_turn');
    expect(streamed.usage.input_tokens).toBe(whole.usage.input_tokens);
    expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens);
    expect(events).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
  });

  test('system prompts, as a string and as blocks with cache marks', async () => {
    const asked = (system: Anthropic.MessageCreateParams['system'] & {}) =>
      anthropic().messages.create({ ...common, system, messages: user('hello') });
    expect(textOf(await asked('Be kind'))).toContain('My instructions: Be kind.');
    const blocks = await asked([
      { type: 'text', text: 'Be kind' },
      { type: 'text', text: 'Be brief', cache_control: { type: 'ephemeral' } },
    ]);
    expect(textOf(blocks)).toMatch(/My instructions: Be kind[\s|]+Be brief\./);
  });

  test('two parallel tools with results, streamed and not', async () => {
    const asked = user('call weather {"city":"Oslo"} call time {"city":"Rome"}');
    const params = { ...common, messages: asked, tools: TOOLS };
    const whole = await anthropic().messages.create(params);
    const streamed = await anthropic().messages.stream(params).finalMessage();
    expect(whole.stop_reason).toBe('tool_use');
    expect(whole.content).toMatchObject([
      { type: 'tool_use', name: 'weather', input: { city: 'Oslo' } },
      { type: 'tool_use', name: 'time', input: { city: 'Rome' } },
    ]);
    expect(withoutIds(streamed.content)).toEqual(withoutIds(whole.content));
    expect(streamed.stop_reason).toBe('tool_use');

    const calls = streamed.content.filter((block) => block.type === 'tool_use');
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
    const answered = await anthropic().messages.create({
      ...common,
      tools: TOOLS,
      messages: [
        ...asked,
        { role: 'assistant', content: streamed.content },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: calls[0]?.id ?? '', content: 'rain' },
            { type: 'tool_result', tool_use_id: calls[1]?.id ?? '', content: [{ type: 'text', text: 'noon' }] },
            { type: 'text', text: 'and now?' },
          ],
        },
      ],
    });
    expect(textOf(answered)).toContain('The tools answered: rain; noon');
  });

  test('a forced tool, and no more than one', async () => {
    const forced = await anthropic().messages.create({
      ...common,
      messages: user('hello'),
      tools: TOOLS,
      tool_choice: { type: 'tool', name: 'time' },
    });
    expect(forced.content).toMatchObject([{ type: 'tool_use', name: 'time' }]);
    const single = await anthropic().messages.create({
      ...common,
      messages: user('call weather {"city":"Oslo"} call time {"city":"Rome"}'),
      tools: TOOLS,
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    });
    expect(single.content.filter(({ type }) => type === 'tool_use')).toHaveLength(1);
  });

  test('an answer in the form of a schema', async () => {
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' }, sunny: { type: 'boolean' } },
      required: ['city', 'sunny'],
      additionalProperties: false,
    };
    const answer = await anthropic().messages.create({
      ...common,
      messages: user('hello'),
      output_config: { format: { type: 'json_schema', schema } },
    });
    expect(JSON.parse(textOf(answer))).toEqual({ city: expect.any(String), sunny: expect.any(Boolean) });
  });

  test('an image, also in a tool result', async () => {
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } } as const;
    const sent = await anthropic().messages.create({
      ...common,
      messages: [{ role: 'user', content: [image, { type: 'text', text: 'what is it?' }] }],
    });
    expect(textOf(sent)).toContain('I was sent 1 image.');
    const found = await anthropic().messages.create({
      ...common,
      tools: TOOLS,
      messages: [
        ...user('call weather'),
        { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} }] },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 'toolu_1',
              is_error: true,
              content: [{ type: 'text', text: 'the map' }, image],
            },
          ],
        },
      ],
    });
    expect(textOf(found)).toContain('I was sent 1 image.');
    expect(textOf(found)).toContain('the map');
  });

  test('a long history', async () => {
    const turns = Array.from({ length: 400 }, (_, index) => ({
      role: index % 2 === 0 ? ('user' as const) : ('assistant' as const),
      content: `turn ${index} ${'x'.repeat(200)}`,
    }));
    const answer = await anthropic().messages.create({ ...common, messages: [...turns, ...user('and now?')] });
    expect(textOf(answer)).toContain('You said: and now?');
    expect(answer.usage.input_tokens).toBeGreaterThan(20_000);
  });

  test('stop sequences and the end of the tokens', async () => {
    const asked = { ...common, messages: user('say exactly: one two END three'), stop_sequences: ['END'] };
    for (const stopped of [
      await anthropic().messages.create(asked),
      await anthropic().messages.stream(asked).finalMessage(),
    ]) {
      expect(textOf(stopped).trim()).toBe('one two');
      expect([stopped.stop_reason, stopped.stop_sequence]).toEqual(
        tellsStopSequence === true ? ['stop_sequence', 'END'] : ['end_turn', null],
      );
    }
    const cut = { ...common, max_tokens: 5, messages: user('write 100 words') };
    expect((await anthropic().messages.create(cut)).stop_reason).toBe('max_tokens');
    expect((await anthropic().messages.stream(cut).finalMessage()).stop_reason).toBe('max_tokens');
  });

  test("errors in Anthropic's shape", async () => {
    const asked = (model: string) => anthropic().messages.create({ ...common, model, messages: user('hello') });
    const limited = await errorOf(asked('sim-429'));
    expect(limited).toBeInstanceOf(Anthropic.RateLimitError);
    expect(limited.error).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } });
    expect(limited.requestID).toMatch(/^req_/);
    expect(await errorOf(asked('no-such-model'))).toMatchObject({
      status: 404,
      error: { error: { type: 'not_found_error' } },
    });
    expect((await errorOf(asked('sim-500'))).error).toMatchObject({ error: { type: 'api_error' } });
    // R138: the gateway's credential is not the caller's.
    expect((await errorOf(asked('sim-401'))).status).toBe(502);
    const nobody = new Anthropic({
      apiKey: null,
      authToken: 'no-token',
      baseURL: `${gateway.url}/${name}`,
      maxRetries: 0,
    });
    const stranger = await errorOf(nobody.messages.create({ ...common, messages: user('hello') }));
    expect(stranger).toMatchObject({ status: 401, error: { error: { type: 'authentication_error' } } });
  });

  test.each(['sim-cut', 'sim-error-mid'])('a stream that breaks off (%s) is an error, never an end', async (broken) => {
    const events: string[] = [];
    const stream = anthropic().messages.stream({ ...common, model: broken, messages: user('write 40 words') });
    stream.on('streamEvent', ({ type }) => void events.push(type));
    const error = await errorOf(stream.finalMessage());
    expect(error.error).toMatchObject({ type: 'error', error: { message: expect.any(String) } });
    expect(events).toContain('content_block_delta');
    expect(events).not.toContain('message_stop');
  });

  test('an abort ends the upstream call', async () => {
    const stream = anthropic().messages.stream({
      ...common,
      model: 'sim-paced-200',
      messages: user('write 400 words'),
    });
    await new Promise((resolve) => stream.once('text', resolve));
    const call = upstream();
    stream.abort();
    await expect(stream.finalMessage()).rejects.toThrow(Anthropic.APIUserAbortError);
    const left = performance.now();
    while (call?.aborted === false && performance.now() - left < 1_000)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(call?.aborted).toBe(true);
    expect(performance.now() - left).toBeLessThan(100);
  });

  test('tokens are counted', async () => {
    const { input_tokens } = await anthropic().messages.countTokens({
      model,
      system: 'Be kind',
      messages: user('hello there'),
      tools: TOOLS,
    });
    expect(input_tokens).toBeGreaterThan(20);
    expect(input_tokens).toBeLessThan(200);
  });

  test('models are listed in its shape', async () => {
    const ids: string[] = [];
    for await (const { id, type, display_name, created_at } of anthropic().models.list()) {
      expect({ type, display_name, created_at }).toEqual({
        type: 'model',
        display_name: expect.any(String),
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      });
      ids.push(id);
    }
    expect(ids).toContain(model);
  });

  /** What Claude Code sends: betas and `?beta=true`, marked system blocks, thinking, editing of the context. */
  test('the beta surface, as Claude Code uses it', async () => {
    const { data, response } = await anthropic()
      .beta.messages.create({
        model,
        max_tokens: 8_000,
        betas: ['claude-code-20250219', 'interleaved-thinking-2025-05-14', 'context-management-2025-06-27'],
        system: [
          { type: 'text', text: 'You are an agent.', cache_control: { type: 'ephemeral' } },
          { type: 'text', text: 'The repository is large.', cache_control: { type: 'ephemeral' } },
        ],
        messages: [{ role: 'user', content: [{ type: 'text', text: 'hello', cache_control: { type: 'ephemeral' } }] }],
        tools: Array.from({ length: 30 }, (_, index) => tool(`tool_${index}`)) as Anthropic.Beta.BetaTool[],
        metadata: { user_id: 'user_0123456789abcdef' },
        thinking: { type: 'enabled', budget_tokens: 4_000 },
        context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] },
      })
      .withResponse();
    expect(data.stop_reason).toBe('end_turn');
    expect(data.content.some((block) => block.type === 'text' && block.text.includes('You said: hello'))).toBe(true);
    const sent = upstream();
    const dropped = response.headers.get('x-gatehouse-dropped');
    if (native === true) {
      expect(dropped).toBeNull();
      expect(sent?.headers['anthropic-beta']).toContain('claude-code-20250219');
      expect(sent?.body).toMatchObject({
        context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] },
        metadata: { user_id: 'user_0123456789abcdef' },
      });
      expect(data.content[0]?.type).toBe('thinking');
    } else {
      expect(dropped).toContain('context_management');
      expect(sent?.headers['anthropic-beta']).toBeUndefined();
      expect(JSON.stringify(sent?.body)).not.toContain('context_management');
    }
  });
});

describe('@anthropic-ai/sdk on an alias', () => {
  test('the second provider answers when the first is overloaded, and the record shows both', async () => {
    const stream = client('').messages.stream({ model: 'smart', max_tokens: 100, messages: user('hello') });
    const { response } = await stream.withResponse();
    expect(textOf(await stream.finalMessage())).toContain('Hello from the simulated openai');
    const record: CallRecord = await gateway.recordOf(response.headers.get('x-request-id'));
    expect(record.attempts.map(({ provider, outcome }) => [provider, outcome])).toEqual([
      ['anthropic', 'upstream_busy'],
      ['openai', 'ok'],
    ]);
  });

  test('aliases are listed, and what is not served is not found', async () => {
    const listed = await client('').models.list();
    expect(listed.data.map(({ id }) => id)).toEqual(['smart']);
    expect([listed.has_more, listed.first_id, listed.last_id]).toEqual([false, 'smart', 'smart']);
    const create = (model: string) => client('').messages.create({ model, max_tokens: 9, messages: user('hello') });
    expect(await errorOf(create('claude-haiku-4-5'))).toMatchObject({
      status: 404,
      error: { type: 'error', error: { type: 'not_found_error' } },
    });
  });
});
