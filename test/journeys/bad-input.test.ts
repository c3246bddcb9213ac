import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type LlmGateway, startLlmGateway } from '../support/llm-gateway.ts';

/** Every kind of provider, with a model that it has. */
const KINDS = [
  { kind: 'openai', model: 'gpt-4o' },
  { kind: 'anthropic', model: 'claude-sonnet-4-5' },
  { kind: 'gemini', model: 'gemini-2.5-flash' },
  { kind: 'bedrock', model: 'global.anthropic.claude-sonnet-4-5-20250929-v1:0' },
  { kind: 'openai-compatible', model: 'grok-4' },
] as const;

let gateway: LlmGateway;
beforeAll(async () => {
  gateway = await startLlmGateway(
    (simulators) => `
  providers:
    openai: { kind: openai, baseUrl: ${simulators}/openai/v1, credential: key }
    anthropic: { kind: anthropic, baseUrl: ${simulators}/anthropic, credential: key }
    gemini: { kind: gemini, baseUrl: ${simulators}/gemini, credential: key }
    bedrock: { kind: bedrock, baseUrl: ${simulators}/bedrock, region: us-east-1 }
    openai-compatible: { kind: openai-compatible, baseUrl: ${simulators}/xai/v1, credential: key }
  routes:
${KINDS.map(({ kind }) => `    /${kind}: { provider: ${kind} }`).join('\n')}
`,
  );
});
afterAll(() => gateway.close());

type Body = Readonly<Record<string, unknown>>;

const MEGABYTE = 'All work and no play. '.repeat(48_000);
const many = <Item>(of: (index: number) => Item): Item[] => Array.from({ length: 10_000 }, (_, index) => of(index));
const user = (content: unknown) => ({ role: 'user', content });
const HALF = '{"city":"Par';
const NOT_BASE64 = '%%%';

/** What people and their programs send that they should not, in the words of each surface. */
const CHAT: Readonly<Record<string, Body>> = {
  'a result without a call': { messages: [user('hi'), { role: 'tool', tool_call_id: 'a', content: 'x' }] },
  'a result for no call at all': { messages: [user('hi'), { role: 'tool', content: 'x' }] },
  'arguments that were cut off': {
    messages: [
      user('hi'),
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: HALF } }],
      },
      { role: 'tool', tool_call_id: 'a', content: 'x' },
    ],
    tools: [{ type: 'function', function: { name: 'f' } }],
  },
  'base64 that is none': {
    messages: [user([{ type: 'image_url', image_url: { url: `data:image/png;base64,${NOT_BASE64}` } }])],
  },
  'a picture in no format': {
    messages: [user([{ type: 'image_url', image_url: { url: 'data:image/x-nothing;base64,AAAA' } }])],
  },
  sound: { messages: [user([{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }])] },
  'two answers at once': { messages: [user('hi')], n: 2 },
  probabilities: { messages: [user('hi')], logprobs: true, top_logprobs: 3 },
  'a role nobody has': { messages: [{ role: 'wizard', content: 'hi' }] },
  'no messages': { messages: [] },
  'a megabyte': { messages: [user(MEGABYTE)] },
  'ten thousand messages': {
    messages: many((index) => (index % 2 ? { role: 'assistant', content: 'b' } : user('a'))).concat(user('a')),
  },
};

const MESSAGES: Readonly<Record<string, Body>> = {
  'a result without a call': {
    messages: [user('hi'), user([{ type: 'tool_result', tool_use_id: 'a', content: 'x' }])],
  },
  'a result for no call at all': { messages: [user([{ type: 'tool_result', content: 'x' }])] },
  'arguments that are none': {
    messages: [
      user('hi'),
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f', input: HALF }] },
      user([{ type: 'tool_result', tool_use_id: 'a', content: 'x' }]),
    ],
    tools: [{ name: 'f', input_schema: { type: 'object' } }],
  },
  'base64 that is none': {
    messages: [user([{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: NOT_BASE64 } }])],
  },
  'a picture in no format': {
    messages: [user([{ type: 'image', source: { type: 'base64', media_type: 'image/x-nothing', data: 'AAAA' } }])],
  },
  'two answers at once': { messages: [user('hi')], n: 2 },
  'a role nobody has': { messages: [{ role: 'wizard', content: 'hi' }] },
  'no messages': { messages: [] },
  'a megabyte': { messages: [user(MEGABYTE)] },
  'ten thousand messages': {
    messages: many((index) => (index % 2 ? { role: 'assistant', content: 'b' } : user('a'))).concat(user('a')),
  },
};

const RESPONSES: Readonly<Record<string, Body>> = {
  'a result without a call': { input: [user('hi'), { type: 'function_call_output', call_id: 'a', output: 'x' }] },
  'a result for no call at all': { input: [user('hi'), { type: 'function_call_output', output: 'x' }] },
  'arguments that were cut off': {
    input: [
      user('hi'),
      { type: 'function_call', call_id: 'a', name: 'f', arguments: HALF },
      { type: 'function_call_output', call_id: 'a', output: 'x' },
    ],
    tools: [{ type: 'function', name: 'f', parameters: { type: 'object', properties: {} }, strict: false }],
  },
  'base64 that is none': {
    input: [user([{ type: 'input_image', image_url: `data:image/png;base64,${NOT_BASE64}` }])],
  },
  'a picture in no format': {
    input: [user([{ type: 'input_image', image_url: 'data:image/x-nothing;base64,AAAA' }])],
  },
  probabilities: { input: 'hi', top_logprobs: 3 },
  'a role nobody has': { input: [{ role: 'wizard', content: 'hi' }] },
  nothing: { input: [] },
  'a megabyte': { input: MEGABYTE },
  'ten thousand messages': {
    input: many((index) => (index % 2 ? { role: 'assistant', content: 'b' } : user('a'))).concat(user('a')),
  },
};

/** Whoever is behind the route. Of the rest the provider decides: some take it, some can be given something like it. */
const ALWAYS: Readonly<Record<string, 200 | 400>> = {
  'arguments that were cut off': 200,
  probabilities: 200,
  'a megabyte': 200,
  'ten thousand messages': 200,
  'a result for no call at all': 400,
  'arguments that are none': 400,
  'base64 that is none': 400,
  'a role nobody has': 400,
  'no messages': 400,
  nothing: 400,
};

const SURFACES = [
  { path: 'chat/completions', cases: CHAT, base: {} },
  { path: 'messages', cases: MESSAGES, base: { max_tokens: 100 } },
  { path: 'messages/count_tokens', cases: MESSAGES, base: {} },
  { path: 'responses', cases: RESPONSES, base: {} },
] as const;

const ROWS = SURFACES.flatMap(({ path, cases, base }) =>
  Object.entries(cases).map(([what, body]) => ({ path, what, body: { ...base, ...body } })),
);

describe.each(KINDS)('in front of $kind', ({ kind, model }) => {
  test.each(ROWS)('/$path with $what is served, or refused in words of its own', async ({ path, what, body }) => {
    const answer = await fetch(`${gateway.url}/${kind}/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model, ...body }),
    });
    const said = (await answer.json()) as { readonly type?: string; readonly error?: Record<string, unknown> };
    expect(ALWAYS[what] === undefined ? [200, 400] : [ALWAYS[what]]).toContain(answer.status);
    if (answer.status === 200) return;
    expect(said.error).toMatchObject({ type: 'invalid_request_error', message: expect.any(String) });
    if (path.startsWith('messages')) expect(said.type).toBe('error');
    else expect(said.error).toHaveProperty('code');
    expect(gateway.records().at(-1)).toMatchObject({
      status: 400,
      outcome: expect.stringMatching(/^(refused|failed)$/),
    });
  });
});
