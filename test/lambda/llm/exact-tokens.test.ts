import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { estimateTokens } from '../../../lambda/llm/estimate-tokens.ts';
import { lazyVocabulary } from '../../../lambda/llm/lazy-vocabulary.ts';
import { readAnthropicPrompt } from '../../../lambda/llm/wire/read-anthropic-messages.ts';
import { startTestGateway, type TestGateway } from '../../support/local-gateway.ts';

const POLICY = `
name: counting
identity:
  providers:
    okta: { kind: okta, issuer: "\${OKTA_ISSUER:-https://okta.example/oauth2/default}", audiences: [api://default] }
credentials: { openai-api-key: {}, gemini-api-key: {} }
defaults: { auth: none, authorization: { default: allow } }
llm:
  tokenize: exact
  providers:
    openai: { kind: openai, credential: openai-api-key }
    gemini: { kind: gemini, credential: gemini-api-key }
    other: { kind: openai-compatible, baseUrl: http://127.0.0.1:9 }
  routes:
    /openai: { provider: openai }
    /gemini: { provider: gemini }
    /other: { provider: other }
`;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(POLICY);
});
afterAll(() => gateway.close());

type Prompt = { readonly messages: readonly object[]; readonly [name: string]: unknown };

const count = async (route: string, model: string, prompt: Prompt): Promise<unknown> => {
  const response = await fetch(`${gateway.url}/${route}/v1/messages/count_tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, ...prompt }),
  });
  return ((await response.json()) as { input_tokens?: unknown }).input_tokens;
};

const say = (content: string): Prompt => ({ messages: [{ role: 'user', content }] });

/** Three tokens begin the answer; a message has three around it, and its role. */
const AROUND_ONE = 7;

const exactly = (text: string): number => countTokens(text, { disallowedSpecial: new Set() });

describe('tokenize: exact', () => {
  test.each([
    'hello',
    'The quick brown fox jumps over the lazy dog, antidisestablishmentarianism and 1234567 others.',
    "const answer = items.map(({ id }) => id + '\\n'); // don't\n\n\treturn\r\n",
    '今日はいい天気ですね。Ελλάδα, Україна, ภาษาไทย, العربية',
    '👩‍👩‍👧🏽 é \ud83d lone',
    '<|endoftext|> is a text like any other <|im_start|>',
    `${'-'.repeat(100)}\n${'=+'.repeat(60)}`,
  ])('counts %j as OpenAI does', async (text) => {
    expect(await count('openai', 'gpt-4o', say(text))).toBe(exactly(text) + AROUND_ONE);
  });

  test('knows the numbers that OpenAI itself gives', async () => {
    expect(await count('openai', 'gpt-4o', say('hello'))).toBe(8);
  });

  test('counts system, conversation and tools', async () => {
    const tools = [{ name: 'look', description: 'Looks', input_schema: { type: 'object', properties: {} } }];
    const messages = [
      { role: 'user', content: 'what is there?' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'look', input: { far: true } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'a lighthouse' }] },
    ];
    const texts = ['Be brief', 'what is there?', 'look', '{"far":true}', 'a lighthouse'];
    const withoutTools = texts.reduce((sum, text) => sum + exactly(text), 3 + 4 * 4);
    expect(await count('openai', 'gpt-5', { system: 'Be brief', messages })).toBe(withoutTools);
    expect(await count('openai', 'gpt-5', { system: 'Be brief', messages, tools })).toBeGreaterThan(withoutTools);
  });

  test.each([
    ['gemini', 'gemini-2.5-flash'],
    ['other', 'gpt-4o'],
    ['openai', 'gpt-4-turbo'],
    ['openai', 'gpt-3.5-turbo'],
  ])('%s/%s has another vocabulary: it is estimated', async (route, model) => {
    const prompt = say('antidisestablishmentarianism in the 1234567th degree');
    expect(await count(route, model, prompt)).toBe(estimateTokens(readAnthropicPrompt(prompt)));
  });

  test('takes no longer for a byte of a hostile text than for a byte of a short one, give or take', async () => {
    const { o200kCounter } = await import('../../../lambda/llm/o200k.ts');
    const timeOf = (text: string): number => {
      const started = performance.now();
      o200kCounter()(text);
      return performance.now() - started;
    };
    for (const one of ['a', '日', 'ก', ' ', '\u02bc\u0301', 'Aa']) {
      timeOf(one.repeat(5_000));
      const short = Math.max(1, ...[1, 2, 3].map(() => timeOf(one.repeat(5_000))));
      // Thirty times the text; a quadratic count would take nine hundred times as long.
      expect(timeOf(one.repeat(150_000))).toBeLessThan(short * 250);
    }
  });

  test('what is too much to merge is estimated, and the prompt counted all the same', async () => {
    const { o200kCounter } = await import('../../../lambda/llm/o200k.ts');
    const rare = (words: number): string =>
      Array.from({ length: words }, (_, index) =>
        (1_000_000 + index * 7_919).toString(21).replaceAll(/\d/g, (digit) => 'qxzjvwkyhb'[Number(digit)] ?? ''),
      ).join(' ');
    const within = rare(10_000);
    expect(o200kCounter()(within)).toBe(exactly(within));
    const beyond = rare(80_000);
    expect(o200kCounter()(beyond)).not.toBe(exactly(beyond));
    expect(Math.abs(o200kCounter()(beyond) / exactly(beyond) - 1)).toBeLessThan(1 / 2);
  });

  test('what has no break is cut, and counted all the same', async () => {
    const { o200kCounter } = await import('../../../lambda/llm/o200k.ts');
    const long = '日本語'.repeat(500);
    expect(Math.abs(o200kCounter()(long) - exactly(long))).toBeLessThan(exactly(long) / 50);
  });
});

describe('a vocabulary', () => {
  test('is loaded at the first count, once', async () => {
    let loads = 0;
    const vocabulary = lazyVocabulary(
      async () => {
        loads++;
        return { o200kCounter: () => () => 5 };
      },
      () => {},
    );
    expect(loads).toBe(0);
    const counters = await Promise.all([vocabulary(), vocabulary()]);
    expect([loads, ...counters.map((one) => one?.('text'))]).toEqual([1, 5, 5]);
  });

  test('that can’t be loaded is said once, and prompts are estimated', async () => {
    const failures: unknown[] = [];
    const vocabulary = lazyVocabulary(
      () => Promise.reject(new Error('gone')),
      (error) => failures.push(error),
    );
    expect([await vocabulary(), await vocabulary()]).toEqual([undefined, undefined]);
    expect(failures).toEqual([new Error('gone')]);
  });
});
