import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CompiledLlmProvider } from '../../../config/compiled.ts';
import { systemClock } from '../../../lambda/core/clock.ts';
import { Hidden } from '../../../lambda/core/hidden.ts';
import type { LlmMessage, LlmPart } from '../../../lambda/core/llm.ts';
import { anthropicMessages } from '../../../lambda/llm/wire/anthropic-messages.ts';
import type { WireDialect } from '../../../lambda/llm/wire/dialect.ts';
import { openAiChat } from '../../../lambda/llm/wire/openai-chat.ts';
import { gemini } from '../../../lambda/providers/gemini.ts';
import { geminiEmbeddings } from '../../../lambda/providers/gemini-embeddings.ts';
import type { UpstreamRequest } from '../../../lambda/providers/provider.ts';
import { createSend } from '../../../lambda/providers/send.ts';
import { readAnswer, sendWithCredential } from '../../../lambda/providers/upstream.ts';
import { type Simulators, startSimulators } from '../../../local/simulators/start-simulators.ts';
import { callIn, collected } from '../../support/llm-call.ts';

/** Against the simulated API, which refuses whatever the real one refuses. */
let simulators: Simulators;
beforeAll(async () => {
  simulators = await startSimulators({ port: 0 });
});
afterAll(() => simulators.close());

const config = (): CompiledLlmProvider => ({
  name: 'gemini',
  kind: 'gemini',
  baseUrl: `${simulators.url}/gemini`,
  credential: 'gemini-api-key',
  timeouts: { connectMs: 2000, firstByteMs: 5000, idleMs: 5000 },
});
const send = createSend();
const sent = (request: UpstreamRequest, key = 'any-key') => {
  const credentials = { read: async () => new Hidden(key) };
  const ports = { send, credentials, clock: systemClock };
  return sendWithCredential(gemini, request, config(), ports, new AbortController().signal);
};

const whole = async (
  body: object,
  model: string,
  wire: WireDialect = openAiChat,
  key?: string,
): Promise<LlmMessage> => {
  const call = callIn(wire, { model, ...body });
  const answer = await sent(gemini.toRequest(call, model, config()), key);
  return gemini.toMessage(await readAnswer(answer, gemini), call);
};
const streamed = async (body: object, model: string): Promise<{ items: LlmPart[]; thrown?: unknown }> => {
  const call = callIn(openAiChat, { model, ...body, stream: true });
  const answer = await sent(gemini.toRequest(call, model, config()));
  return collected(gemini.toParts(gemini.decode(answer.body, call), call));
};
const say = (content: string): object => ({ messages: [{ role: 'user', content }] });
const textOf = ({ content }: LlmMessage): string =>
  content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('');

const parameters = {
  type: 'object',
  properties: { city: { type: ['string', 'null'] } },
  required: ['city'],
  additionalProperties: false,
};
const tools = ['weather', '2d.time'].map((name) => ({
  type: 'function',
  function: { name, parameters, strict: true },
}));
const BOTH = 'call weather {"city":"Oslo"} call f_2d_time_HASH {"city":"Rome"}';

const MODELS = [
  'gemini-2.0-flash',
  'gemini-2.5-flash',
  'gemini-2.5-pro',
  'gemini-3-flash-preview',
  'gemini-3-pro-preview',
];

describe.each(MODELS)('%s', (model) => {
  test('R66: answers, whole and streamed, with the same words and the same usage', async () => {
    const body = { ...say('say exactly: one moment please'), max_tokens: 50, temperature: 0.5, stop: ['END'], seed: 1 };
    const message = await whole(body, model);
    expect(message).toMatchObject({ model, finish: 'stop' });
    expect(textOf(message)).toBe('one moment please');
    const { items, thrown } = await streamed(body, model);
    expect(thrown).toBeUndefined();
    expect(items.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')).toBe('one moment please');
    expect(items.findLast((part) => part.type === 'usage')).toMatchObject({ usage: message.usage });
    expect(items.slice(-2).map(({ type }) => type)).toEqual(['finish', 'end']);
  });

  test('R1, R15, R38, R39, R83: follows instructions, calls two tools at once and takes their results', async () => {
    const names = gemini.toRequest(callIn(openAiChat, { model, ...say('x'), tools }), model, config()).body;
    const hash = /f_2d_time_([0-9a-f]{8})/.exec(JSON.stringify(names))?.[1] ?? '';
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: BOTH.replace('HASH', hash) },
    ];
    const first = await whole({ messages, tools }, model);
    expect(first).toMatchObject({
      finish: 'tool-call',
      content: [
        { type: 'tool-call', name: 'weather', arguments: '{"city":"Oslo"}' },
        { type: 'tool-call', name: '2d.time', arguments: '{"city":"Rome"}' },
      ],
    });
    const { choices } = openAiChat.writeMessage(first, callIn(openAiChat, { model, messages, tools }), 0) as {
      choices: { message: { tool_calls: { id: string }[] } }[];
    };
    const assistant = choices[0]?.message;
    const results = assistant?.tool_calls.map(({ id }, index) => ({
      role: 'tool',
      tool_call_id: id,
      content: `result ${index}`,
    }));
    const second = await whole({ messages: [...messages, assistant, ...(results ?? [])], tools }, model);
    expect(textOf(second)).toContain('result 0; result 1');
    expect(textOf(second)).toContain('Be brief.');
  });

  test('R83: takes a history of calls that another model made', async () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":' } };
    const messages = [
      { role: 'user', content: 'weather?' },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: '{"sky":"blue"}' },
    ];
    expect(textOf(await whole({ messages, tools }, model))).toContain('{"sky":"blue"}');
  });

  test('R27: calls the tool that it has to call', async () => {
    const tool_choice = { type: 'function', function: { name: 'weather' } };
    const { content } = await whole({ ...say('hello'), tools, tool_choice }, model);
    expect(content).toMatchObject([{ type: 'tool-call', name: 'weather' }]);
  });

  test('R70: answers in JSON that fits the schema', async () => {
    const schema = {
      type: 'object',
      properties: { ok: { type: 'boolean' } },
      required: ['ok'],
      additionalProperties: false,
    };
    const response_format = { type: 'json_schema', json_schema: { name: 'r', schema, strict: true } };
    expect(JSON.parse(textOf(await whole({ ...say('hello'), response_format }, model)))).toEqual({ ok: true });
    const beside = textOf(await whole({ ...say('hello'), response_format, tools }, model));
    expect(beside).toContain(model.startsWith('gemini-2') ? 'valid under this JSON schema' : '{"ok":true}');
  });

  test('R86, R44: sees an image, of the user and of a tool', async () => {
    const source = { type: 'base64', media_type: 'image/png', data: 'AAAA' };
    const image = { type: 'image', source };
    const seen = await whole(
      { max_tokens: 100, messages: [{ role: 'user', content: [image] }] },
      model,
      anthropicMessages,
    );
    expect(textOf(seen)).toContain('1 image');
    const messages = [
      { role: 'user', content: 'look' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'shot', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: [image] }] },
    ];
    await expect(whole({ max_tokens: 100, messages }, model, anthropicMessages)).resolves.toMatchObject({
      finish: 'stop',
    });
  });

  test.each(['none', 'minimal', 'low', 'medium', 'high', 'xhigh'])(
    'R75: takes the effort %s',
    async (reasoning_effort) => {
      await expect(whole({ ...say('hello'), reasoning_effort }, model)).resolves.toMatchObject({ finish: 'stop' });
    },
  );
});

describe('reasoning', () => {
  test('R84, R103: is thinking, and is counted as output', async () => {
    const body = { ...say('hello'), reasoning_effort: 'low' };
    const message = await whole(body, 'gemini-2.5-flash');
    expect(message.content.map(({ type }) => type)).toEqual(['thinking', 'text']);
    expect(message.usage.reasoning).toBeGreaterThan(0);
    expect(message.usage.output).toBeGreaterThan(message.usage.reasoning);
    const { items } = await streamed(body, 'gemini-2.5-flash');
    expect(items.findLast((part) => part.type === 'usage')).toMatchObject({ usage: message.usage });
  });

  test('R110: an answer that is cut short says so', async () => {
    expect(await whole({ ...say('write 100 words'), max_tokens: 5 }, 'gemini-2.5-flash')).toMatchObject({
      finish: 'length',
    });
  });
});

describe('trouble', () => {
  test('R137: a key that is not valid', async () => {
    const asked = whole(say('hi'), 'gemini-2.5-flash', openAiChat, 'wrong-key');
    await expect(asked).rejects.toMatchObject({ code: 'upstream_auth' });
  });

  test.each([
    ['sim-401', { code: 'upstream_auth' }],
    ['sim-429', { code: 'upstream_limited', retryAfterSeconds: 7 }],
    ['sim-quota', { code: 'upstream_quota' }],
    ['sim-500', { code: 'upstream_failed' }],
    ['sim-503', { code: 'upstream_busy' }],
    ['sim-529', { code: 'upstream_busy' }],
    ['gemini-9', { code: 'upstream_model_not_found' }],
    ['sim-drop', { code: 'upstream_unreachable' }],
    ['sim-html', { code: 'upstream_failed' }],
  ])('R137: %s, whole', async (model, expected) => {
    await expect(whole(say('hi'), model)).rejects.toMatchObject(expected);
  });

  test.each([
    ['sim-cut', 'upstream_truncated'],
    ['sim-error-mid', 'upstream_busy'],
    ['sim-html', 'upstream_truncated'],
  ])('R128, R129: %s, streamed, never ends well', async (model, code) => {
    const { items, thrown } = await streamed(say('write 50 words'), model);
    expect(thrown).toMatchObject({ code });
    expect(items.filter(({ type }) => type === 'end' || type === 'finish')).toEqual([]);
  });

  test('R143: an answer with nothing in it is one', async () => {
    expect(await whole(say('hi'), 'sim-empty')).toMatchObject({ content: [], finish: 'stop' });
    const { items } = await streamed(say('hi'), 'sim-empty');
    expect(items.at(-1)).toMatchObject({ type: 'end' });
  });

  test("what the caller did wrong is told in the provider's words", async () => {
    const asked = whole({ ...say('hi'), tools: [tools[0], tools[0]] }, 'gemini-2.5-flash');
    await expect(asked).rejects.toMatchObject({
      code: 'upstream_rejected',
      upstreamSays: expect.stringContaining('Duplicate'),
    });
  });
});

describe('the request', () => {
  test('R146: carries the key in a header, and nothing else of ours', async () => {
    await whole(say('hi'), 'gemini-2.5-flash', openAiChat, 'secret-key');
    const last = simulators.calls().at(-1);
    expect(last?.path).toBe('/gemini/v1beta/models/gemini-2.5-flash:generateContent');
    expect(last?.headers['x-goog-api-key']).toBe('secret-key');
    expect(last?.headers).not.toHaveProperty('authorization');
  });

  test('a model is one step of the path, whatever it is called', () => {
    const pathOf = (model: string) =>
      gemini.toRequest(callIn(openAiChat, { model, ...say('hi') }), model, config()).path;
    expect(pathOf('models/gemini-2.5-pro')).toBe('/v1beta/models/gemini-2.5-pro:generateContent');
    expect(pathOf('../files?x=:delete')).toBe('/v1beta/models/..%2Ffiles%3Fx%3D%3Adelete:generateContent');
  });
});

test('models are listed by the names that callers use', async () => {
  const listed = gemini.toModels(await readAnswer(await sent(gemini.listModels()), gemini));
  expect(listed).toContainEqual({ id: 'gemini-2.5-pro', created: 0, ownedBy: 'google', displayName: 'gemini-2.5-pro' });
  expect(listed.map(({ id }) => id)).toContain('gemini-embedding-001');
  const video = { name: 'models/veo', supportedGenerationMethods: ['predictLongRunning'] };
  expect(gemini.toModels({ models: [video] })).toEqual([]);
});

test('embeddings are vectors of the length that was asked for', async () => {
  const request = geminiEmbeddings.toRequest({ model: 'gemini-embedding-001', input: ['a', 'b'], dimensions: 8 });
  const { vectors } = geminiEmbeddings.toReply(await readAnswer(await sent(request), gemini), 2);
  expect(vectors.map(({ length }) => length)).toEqual([8, 8]);
  for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1);
});
