import { describe, expect, test } from '@jest/globals';
import type { CompiledPromptCaching } from '../../../config/compiled.ts';
import type { LlmCall } from '../../../lambda/core/llm.ts';
import { promptCaching } from '../../../lambda/llm/prompt-caching.ts';
import { anthropicMessages } from '../../../lambda/llm/wire/anthropic-messages.ts';
import type { Json } from '../../../lambda/llm/wire/fields.ts';
import { openAiChat } from '../../../lambda/llm/wire/openai-chat.ts';
import { PROVIDERS } from '../../../lambda/providers/registry.ts';
import { callOf } from './calls.ts';

const RULES: CompiledPromptCaching = { system: true, tools: true, messages: true, minTokens: 1 };
const MARK = { cache_control: { type: 'ephemeral' } };

const marked = (call: LlmCall, rules: Partial<CompiledPromptCaching> = {}): Promise<LlmCall> =>
  promptCaching<LlmCall>({ ...RULES, ...rules })(call, async (changed) => changed);

const tool = (name: string) => ({ name, input_schema: { type: 'object', properties: {} } });
const user = (content: unknown) => ({ role: 'user', content });
const BODY = {
  model: 'claude-sonnet-4-5',
  max_tokens: 9,
  system: 'Be kind',
  tools: [tool('a'), tool('b')],
  messages: [
    user('one'),
    { role: 'assistant', content: 'two' },
    user('three'),
    { role: 'assistant', content: 'four' },
    user('five'),
  ],
  x_unknown: [1, null],
};
const native = (body: Json) => callOf(anthropicMessages, body);
const marksIn = (value: unknown): number => JSON.stringify(value).split('"cache_control"').length - 1;

/** What Anthropic is sent for a call, whatever dialect it came in. */
const sent = (call: LlmCall): Json => {
  const config = {
    name: 'a',
    kind: 'anthropic',
    baseUrl: '',
    timeouts: { connectMs: 1, firstByteMs: 1, idleMs: 1 },
  } as const;
  return PROVIDERS.anthropic?.toRequest(call, 'claude-sonnet-4-5', config).body ?? {};
};

describe('marks for the prompt cache', () => {
  test('stand after the tools, the system prompt and the last two turns of the user, in the native body', async () => {
    const { body } = await marked(native(BODY));
    expect(body).toEqual({
      ...BODY,
      system: [{ type: 'text', text: 'Be kind', ...MARK }],
      tools: [tool('a'), { ...tool('b'), ...MARK }],
      messages: [
        ...BODY.messages.slice(0, 2),
        user([{ type: 'text', text: 'three', ...MARK }]),
        BODY.messages[3],
        user([{ type: 'text', text: 'five', ...MARK }]),
      ],
    });
  });

  test('R95: stand in the same four places through the hub, and are never more', async () => {
    const { tools, system, messages } = sent({ ...(await marked(native(BODY))), dialect: 'openai-chat' });
    expect([marksIn(tools), marksIn(system), marksIn(messages)]).toEqual([1, 1, 2]);
    expect((tools as Json[])[1]).toMatchObject(MARK);
    expect((messages as Json[]).map(marksIn)).toEqual([0, 0, 1, 0, 1]);
  });

  test('reach Anthropic from a caller of OpenAI, and OpenAI never', async () => {
    const body = {
      model: 'm',
      messages: [{ role: 'system', content: 'Be kind' }, user('hello')],
      tools: [{ type: 'function', function: { name: 'a' } }],
    };
    const call = await marked(callOf(openAiChat, body));
    expect(marksIn(sent(call))).toBe(3);
    expect(call.body).toBe(body);
    const config = {
      name: 'o',
      kind: 'openai',
      baseUrl: '',
      timeouts: { connectMs: 1, firstByteMs: 1, idleMs: 1 },
    } as const;
    for (const dialect of ['openai-chat', 'anthropic-messages'] as const)
      expect(marksIn(PROVIDERS.openai?.toRequest({ ...call, dialect }, 'gpt-4o', config).body)).toBe(0);
  });

  test.each([
    [{ tools: false, messages: false }, [0, 1, 0]],
    [{ system: false, messages: false }, [1, 0, 0]],
    [{ system: false, tools: false }, [0, 0, 2]],
    [{ system: false, tools: false, messages: false }, [0, 0, 0]],
  ])('stand where %j says', async (rules, expected) => {
    const { body } = await marked(native(BODY), rules);
    expect([body.tools, body.system, body.messages].map(marksIn)).toEqual(expected);
  });

  test.each([
    [1_000_000, [0, 0, 0]],
    [400, [0, 1, 2]],
    [1_500, [0, 0, 1]],
  ])('stand only where %d tokens are worth keeping', async (minTokens, expected) => {
    const long = 'a word or two '.repeat(200); // about 560 tokens
    const messages = [user('one'), { role: 'assistant', content: 'two' }, user(`${long}${long}`)];
    const { body, prompt } = await marked(native({ ...BODY, system: long, messages }), { minTokens });
    expect([body.tools, body.system, body.messages].map(marksIn)).toEqual(expected);
    expect(marksIn(sent({ ...native(BODY), prompt, dialect: 'openai-chat' }))).toBe(expected.reduce((a, b) => a + b));
  });

  test.each<[string, Json]>([
    ['a block of the system prompt', { ...BODY, system: [{ type: 'text', text: 'Be kind', ...MARK }] }],
    ['a tool', { ...BODY, tools: [{ ...tool('a'), ...MARK }] }],
    ['a message', { ...BODY, messages: [user([{ type: 'text', text: 'hello', ...MARK }])] }],
    ['the whole', { ...BODY, ...MARK }],
    [
      'a block inside a result',
      {
        ...BODY,
        messages: [
          user('hello'),
          { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'a', input: {} }] },
          user([{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'x', ...MARK }] }]),
        ],
      },
    ],
    [
      'a block that only Anthropic knows',
      {
        ...BODY,
        messages: [
          user([
            { type: 'new_kind', ...MARK },
            { type: 'text', text: 'x' },
          ]),
        ],
      },
    ],
  ])('are left to a caller that marks %s', async (_where, body) => {
    const call = native(body);
    expect(await marked(call)).toBe(call);
  });

  test('are left to a caller of OpenAI that marks a part by extension', async () => {
    const content = [{ type: 'text', text: 'hello', ...MARK }];
    const call = callOf(openAiChat, { model: 'm', messages: [{ role: 'system', content: 'Be kind' }, user(content)] });
    expect(await marked(call)).toBe(call);
  });

  test('R99: are never on thinking, blank text or a tool that is not loaded', async () => {
    const messages = [
      user('hello'),
      { role: 'assistant', content: [{ type: 'thinking', thinking: 'hm', signature: 's' }] },
      user([
        { type: 'text', text: 'kept' },
        { type: 'text', text: '  ' },
      ]),
    ];
    const tools = [tool('a'), { ...tool('b'), defer_loading: true }];
    const system = [
      { type: 'text', text: 'kept' },
      { type: 'text', text: ' ' },
    ];
    const { body } = await marked(native({ ...BODY, messages, tools, system }));
    expect((body.tools as Json[]).map(marksIn)).toEqual([1, 0]);
    expect((body.system as Json[]).map(marksIn)).toEqual([1, 0]);
    expect((body.messages as Json[]).map(marksIn)).toEqual([1, 0, 1]);
    expect((body.messages as { content: Json[] }[])[2]?.content.map(marksIn)).toEqual([1, 0]);
  });

  test('are nowhere without a rule', async () => {
    const call = native(BODY);
    expect(await promptCaching<LlmCall>(undefined)(call, async (changed) => changed)).toBe(call);
  });

  test('of a large prompt take no time: counting stops once there is enough', async () => {
    const messages = Array.from({ length: 10_000 }, (_, index) =>
      index % 2 === 0 ? user('a word or two '.repeat(20)) : { role: 'assistant', content: 'yes '.repeat(40) },
    );
    const call = native({ ...BODY, messages });
    const started = process.hrtime.bigint();
    await marked(call, { minTokens: 1_024 });
    expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(100);
  });
});
