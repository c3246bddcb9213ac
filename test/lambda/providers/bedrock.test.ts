import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LlmCall, LlmPart } from '../../../lambda/core/llm.ts';
import { NO_USAGE } from '../../../lambda/core/llm.ts';
import { bedrock } from '../../../lambda/providers/bedrock.ts';
import type { Json } from '../../../lambda/providers/provider.ts';
import { type Simulators, startSimulators } from '../../../local/simulators/start-simulators.ts';
import { chatCall } from '../../support/chat-calls.ts';
import { collectUntilError } from '../../support/streams.ts';
import { askBedrock, bedrockAt, partsOf, upstreamPorts, wholeOf } from '../../support/through-bedrock.ts';

/** Through the strict simulator of Bedrock, over HTTP. */

let simulators: Simulators;
beforeAll(async () => {
  simulators = await startSimulators({ port: 0 });
});
afterAll(() => simulators.close());

const SONNET = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const NOVA = 'us.amazon.nova-pro-v1:0';
const LLAMA = 'us.meta.llama3-3-70b-instruct-v1:0';
const MISTRAL = 'mistral.mistral-large-2407-v1:0';

const ask = (call: LlmCall, ...models: readonly string[]) =>
  askBedrock(bedrockAt(simulators.url), call, models.length === 0 ? [SONNET] : models);
const chat = async (body: Json, ...models: readonly string[]) => wholeOf(await ask(chatCall(body), ...models));
const lastCall = () => {
  const call = simulators.calls().at(-1);
  if (call === undefined) throw new Error('nothing was asked');
  return call;
};

const said = (content: unknown): Json => ({ messages: [{ role: 'user', content }] });
const tool = (name: string): Json => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
});
const textOf = (content: readonly { readonly type: string }[]): string =>
  content.map((block) => ('text' in block && block.type === 'text' ? String(block.text) : '')).join('');

/** A stream put together. */
const assembled = (parts: readonly LlmPart[]) => {
  const calls: { id: string; name: string; arguments: string }[] = [];
  let text = '';
  let thinking = '';
  let usage = NO_USAGE;
  let finish: string | undefined;
  for (const part of parts) {
    if (part.type === 'text') text += part.text;
    if (part.type === 'thinking') thinking += part.text;
    if (part.type === 'tool-call') calls[part.index] = { id: part.id, name: part.name, arguments: '' };
    if (part.type === 'tool-arguments') (calls[part.index] ?? { arguments: '' }).arguments += part.json;
    if (part.type === 'usage') usage = { ...usage, ...part.usage };
    if (part.type === 'finish') finish = part.reason;
  }
  return { text, thinking, calls: calls.map(({ name, arguments: json }) => [name, json]), usage, finish };
};

const CASES: readonly (readonly [string, Json])[] = [
  ['a greeting', said('hello')],
  [
    'a system prompt',
    {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'hello' },
      ],
    },
  ],
  [
    'two calls in parallel',
    { ...said('call weather {"city":"Oslo"} call time {"city":"Rome"}'), tools: [tool('weather'), tool('time')] },
  ],
  ['a text and a call', { ...said('call weather {"city":"Oslo"} say exactly: wait'), tools: [tool('weather')] }],
  ['a stop', { ...said('say exactly: one two three'), stop: ['two'] }],
  ['a limit', { ...said('write 100 words'), max_tokens: 8 }],
  [
    'an answer in JSON',
    {
      ...said('hello'),
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'n', schema: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] } },
      },
    },
  ],
  [
    'an image',
    said([
      { type: 'text', text: 'look' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
    ]),
  ],
];

describe.each([SONNET, NOVA])('%s', (model) => {
  test.each(CASES)('%s: streamed or not, the answer and what it used are the same', async (_, body) => {
    if (model === NOVA && body.response_format !== undefined) return;
    const whole = await chat(body, model);
    const stream = assembled(await partsOf(await ask(chatCall({ ...body, stream: true }), model)));
    expect(stream.text).toBe(textOf(whole.content));
    expect(stream.calls).toEqual(
      whole.content.flatMap((block) => (block.type === 'tool-call' ? [[block.name, block.arguments]] : [])),
    );
    expect(stream.finish).toBe(whole.finish);
    expect(stream.usage).toEqual(whole.usage);
    expect(whole.usage.input).toBeGreaterThan(0);
    expect(whole.usage.output).toBeGreaterThan(0);
  });
});

describe('what is asked', () => {
  test('two calls and their results, and the next answer quotes them', async () => {
    const asked = { role: 'user', content: 'call weather {"city":"Oslo"} call weather {"city":"Rome"}' };
    const first = await chat({ messages: [asked], tools: [tool('weather')] });
    const calls = first.content.filter((block) => block.type === 'tool-call');
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
    expect(first.finish).toBe('tool-call');
    const second = await chat({
      tools: [tool('weather')],
      messages: [
        asked,
        {
          role: 'assistant',
          content: null,
          tool_calls: calls.map(({ id, name, arguments: json }) => ({
            id,
            type: 'function',
            function: { name, arguments: json },
          })),
        },
        ...calls.map(({ id }, index) => ({ role: 'tool', tool_call_id: id, content: `${index} degrees` })),
      ],
    });
    expect(textOf(second.content)).toContain('0 degrees; 1 degrees');
    expect(second.finish).toBe('stop');
  });

  test('R25: a history with calls passes without tools', async () => {
    const history = [
      { role: 'user', content: 'q' },
      { role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: 'gone', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'c', content: '12 degrees' },
    ];
    for (const model of [SONNET, LLAMA]) {
      expect(textOf((await chat({ messages: history }, model)).content)).toContain('12 degrees');
    }
  });

  test.each([SONNET, NOVA, MISTRAL])('R29: %s is made to call the one tool', async (model) => {
    const tool_choice = { type: 'function', function: { name: 'time' } };
    const { content } = await chat({ ...said('hello'), tools: [tool('weather'), tool('time')], tool_choice }, model);
    expect(content).toMatchObject([{ type: 'tool-call', name: 'time' }]);
  });

  test('R29: a model that cannot be made to is asked all the same', async () => {
    const call = chatCall({ ...said('hello'), tools: [tool('weather')], tool_choice: 'required' });
    expect(wholeOf(await ask(call, LLAMA)).finish).toBe('stop');
    expect(call.facts.dropped).toEqual(['tool_choice']);
  });

  test('R67: a JSON answer of a model that only has tools is text', async () => {
    const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
    const body = { ...said('hello'), response_format: { type: 'json_schema', json_schema: { name: 'n', schema } } };
    const whole = await chat(body, NOVA);
    expect([textOf(whole.content), whole.finish]).toEqual(['{"n":1}', 'stop']);
    const stream = assembled(await partsOf(await ask(chatCall({ ...body, stream: true }), NOVA)));
    expect(stream).toMatchObject({ text: '{"n":1}', finish: 'stop', calls: [] });
  });

  test('R72, R78: reasoning comes back apart from the answer, with its signature', async () => {
    const body = { ...said('hello'), reasoning_effort: 'low', max_tokens: 4_000 };
    const { content } = await chat(body);
    expect(content[0]).toMatchObject({ type: 'thinking', signature: expect.stringMatching(/./) });
    const parts = await partsOf(await ask(chatCall({ ...body, stream: true })));
    expect(assembled(parts).thinking).toBe(content[0]?.type === 'thinking' ? content[0].text : '');
    expect(parts.map(({ type }) => type)).toContain('thinking-signature');
  });

  test('R93–R97, R102: points are taken, and what was cached is told apart', async () => {
    const mark = { cache_control: { type: 'ephemeral' } };
    const { usage } = await chat({
      tools: [{ ...tool('weather'), ...mark }],
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'instructions '.repeat(50), ...mark }] },
        { role: 'user', content: 'hello', ...mark },
      ],
    });
    expect(usage.cacheRead).toBeGreaterThan(100);
    expect(usage.input).toBeLessThan(usage.cacheRead);
  });

  test('R91: documents', async () => {
    const file = { filename: 'Q3: final_report.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' };
    const { content } = await chat(said([{ type: 'file', file }]));
    expect(textOf(content)).toContain('1 document');
  });

  test('R14: a model by its ARN', async () => {
    const arn = `arn:aws:bedrock:us-east-1:123456789012:inference-profile/${SONNET}`;
    expect(textOf((await chat(said('hello'), arn)).content)).toContain(arn);
  });
});

describe('who asks', () => {
  test('is told by a signature over every header, for the Region of the provider', async () => {
    await chat(said('hello'));
    const { authorization, ...headers } = lastCall().headers;
    expect(authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261120\/us-east-1\/bedrock\/aws4_request, /,
    );
    const signedHeaders = /SignedHeaders=([^,]+)/.exec(authorization ?? '')?.[1]?.split(';');
    expect(signedHeaders).toEqual(['accept', 'content-type', 'host', 'x-amz-date']);
    expect(headers['x-amz-date']).toBe('20261120T000000Z');
  });

  test('is told by a key where the policy has a credential', async () => {
    await askBedrock(bedrockAt(simulators.url, { credential: 'bedrock-key' }), chatCall(said('hello')), [SONNET]);
    expect(lastCall().headers.authorization).toBe('Bearer bedrock-api-key');
  });

  test('cannot be told where nothing signs: nothing is sent', async () => {
    const before = simulators.calls().length;
    const { sign: _, ...ports } = upstreamPorts();
    const asked = askBedrock(bedrockAt(simulators.url), chatCall(said('hello')), [SONNET], ports);
    await expect(asked).rejects.toMatchObject({ code: 'credential_unavailable' });
    expect(simulators.calls()).toHaveLength(before);
  });

  test('does not list models here', () => {
    expect(() => bedrock.listModels()).toThrow(expect.objectContaining({ code: 'surface_not_served' }));
  });
});

describe('failures', () => {
  test.each([
    ['sim-401', 'upstream_auth'],
    ['sim-429', 'upstream_limited'],
    ['sim-quota', 'upstream_limited'],
    ['sim-500', 'upstream_failed'],
    ['sim-503', 'upstream_busy'],
    ['sim-529', 'upstream_busy'],
    ['sim-drop', 'upstream_unreachable'],
    ['sim-html', 'upstream_failed'],
    ['not-a-model', 'upstream_model_not_found'],
  ])('%s is %s, streamed or not', async (model, code) => {
    for (const stream of [false, true]) {
      await expect(ask(chatCall({ ...said('hello'), stream }), model)).rejects.toMatchObject({ code });
    }
  });

  test('R141: when to ask again is told', async () => {
    await expect(ask(chatCall(said('hello')), 'sim-429')).rejects.toMatchObject({ retryAfterSeconds: 7 });
  });

  test.each(['sim-cut', 'sim-error-mid'])('R125, R128: %s ends a stream with a failure, never well', async (model) => {
    const reply = await ask(chatCall({ ...said('write 50 words'), stream: true }), model);
    if (reply.type !== 'stream') throw new Error('expected a stream');
    const { all, error } = await collectUntilError(reply.parts);
    expect(all.some(({ type }) => type === 'text')).toBe(true);
    expect(all.some(({ type }) => type === 'end')).toBe(false);
    expect(error).toMatchObject({ code: model === 'sim-cut' ? 'upstream_truncated' : 'upstream_failed' });
  });

  test('R143: an answer with nothing in it is an empty answer', async () => {
    expect((await chat(said('hello'), 'sim-empty')).content).toEqual([]);
  });

  test.each([false, true])('the next model answers before anything went out (streamed: %s)', async (stream) => {
    const call = chatCall({ ...said('hello'), stream });
    const reply = await ask(call, 'sim-529', 'sim-429', SONNET);
    expect(reply.model).toBe(SONNET);
    if (stream) expect(assembled(await partsOf(reply)).text).toContain('You said: hello');
    expect(call.facts.attempts.map(({ model, outcome }) => [model, outcome])).toEqual([
      ['sim-529', 'upstream_busy'],
      ['sim-429', 'upstream_limited'],
      [SONNET, 'ok'],
    ]);
  });

  test('a caller who leaves ends the call to Bedrock', async () => {
    const abort = new AbortController();
    const call = chatCall({ ...said('write 5000 words'), stream: true }, { signal: abort.signal });
    const reply = await ask(call, 'sim-paced-20');
    if (reply.type !== 'stream') throw new Error('expected a stream');
    const iterator = reply.parts[Symbol.asyncIterator]();
    await iterator.next();
    abort.abort(new Error('left'));
    await expect(
      (async () => {
        for (let next = await iterator.next(); next.done !== true; next = await iterator.next());
      })(),
    ).rejects.toBeDefined();
    const deadline = performance.now() + 1_000;
    while (!lastCall().aborted && performance.now() < deadline) await new Promise((done) => setTimeout(done, 5));
    expect(lastCall().aborted).toBe(true);
  });
});
