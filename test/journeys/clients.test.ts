import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CLIENTS } from '../support/llm-clients.ts';
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

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' }, degrees: { type: 'integer' } },
  required: ['city', 'degrees'],
  additionalProperties: false,
} as const;

const TWO_CALLS = { text: 'call weather {"city":"Paris"} and call time {"city":"Oslo"}', tools: ['weather', 'time'] };

describe.each(Object.entries(CLIENTS))('%s', (_name, create) => {
  describe.each(KINDS)('in front of $kind', ({ kind, model }) => {
    const client = (asked: string = model) =>
      create({ route: `${gateway.url}/${kind}`, token: 'a-token', model: asked });

    test('text, whole and streamed alike, with the same usage', async () => {
      const question = { text: 'say exactly: The quick brown fox' };
      const pieces: string[] = [];
      const whole = await client().ask(question);
      const streamed = await client().stream(question, (text) => pieces.push(text));
      expect(whole.text).toBe('The quick brown fox');
      expect(streamed).toEqual(whole);
      expect(pieces.join('')).toBe(whole.text);
      expect(pieces.length).toBeGreaterThan(1);
      expect([whole.finish, whole.tokens.in > 0, whole.tokens.out > 0]).toEqual(['stop', true, true]);
    });

    test('a system prompt', async () => {
      const { text } = await client().ask({ system: 'Answer as a pirate.', text: 'hello' });
      expect(text).toContain('Answer as a pirate.');
    });

    test('two tools at once, whole and streamed, and their results', async () => {
      const first = await client().ask(TWO_CALLS);
      expect(first.finish).toBe('tool');
      expect(first.calls.map(({ name, arguments: given }) => [name, given])).toEqual([
        ['weather', { city: 'Paris' }],
        ['time', { city: 'Oslo' }],
      ]);
      expect(new Set(first.calls.map(({ id }) => id)).size).toBe(2);
      const streamed = await client().stream(TWO_CALLS);
      expect(streamed.calls.map(({ name, arguments: given }) => [name, given])).toEqual(
        first.calls.map(({ name, arguments: given }) => [name, given]),
      );
      expect(streamed.finish).toBe('tool');
      const last = await client().ask({ ...TWO_CALLS, answered: { calls: first.calls, results: ['sunny', 'noon'] } });
      expect([last.finish, last.text]).toEqual(['stop', expect.stringMatching(/sunny[\s\S]*noon/)]);
    });

    test('a tool that has to be called', async () => {
      const { calls } = await client().ask({ text: 'hello', tools: ['weather', 'time'], force: 'time' });
      expect(calls.map(({ name }) => name)).toEqual(['time']);
    });

    test('an answer by a JSON schema', async () => {
      const whole = await client().ask({ text: 'how warm is it?', schema: SCHEMA });
      const streamed = await client().stream({ text: 'how warm is it?', schema: SCHEMA });
      expect(JSON.parse(whole.text)).toEqual({ city: expect.any(String), degrees: expect.any(Number) });
      expect(JSON.parse(streamed.text)).toEqual(JSON.parse(whole.text));
    });

    test('an image', async () => {
      expect((await client().ask({ text: 'what is this?', image: PIXEL })).text).toContain('1 image');
    });

    test('a long history', async () => {
      const before = Array.from({ length: 200 }, (_, index) => `turn ${index}`);
      expect((await client().ask({ before, text: 'say exactly: still here' })).text).toBe('still here');
    });

    test('a stop sequence', async () => {
      // OpenAI's Responses have none.
      if (_name.endsWith('responses')) return;
      const { text, finish } = await client().ask({ text: 'say exactly: one END two', stop: 'END' });
      expect([text.trim(), finish]).toEqual(['one', 'stop']);
    });

    test('a limit of tokens', async () => {
      const { finish, tokens } = await client().ask({ text: 'write 400 words', maxTokens: 20 });
      expect([finish, tokens.out]).toEqual(['length', 20]);
    });

    test.each([
      ['sim-429', 429],
      ['sim-500', 502],
      ['sim-401', 502],
      ['no-such-model', 404],
    ])('an error of the provider: %s', async (asked, status) => {
      const outcome = (stream: boolean): Promise<unknown> =>
        (stream ? client(asked).stream({ text: 'hello' }) : client(asked).ask({ text: 'hello' })).then(
          () => 200,
          (thrown: unknown) => client().statusOf(thrown),
        );
      expect([await outcome(false), await outcome(true)]).toEqual([status, status]);
    });

    test('an answer that breaks off is an error, however much of it came', async () => {
      await expect(client('sim-cut').stream({ text: 'write 50 words' })).rejects.toThrow();
    });

    test('a caller that leaves', async () => {
      const abort = new AbortController();
      const asking = client('sim-paced-30').stream({ text: 'write 500 words', signal: abort.signal }, () =>
        abort.abort(),
      );
      await expect(asking).rejects.toThrow();
      const upstream = gateway.upstreamCalls().at(-1);
      for (let tries = 0; tries < 100 && upstream?.aborted !== true; tries++)
        await new Promise((resolve) => setTimeout(resolve, 10));
      expect(upstream?.aborted).toBe(true);
    });
  });
});
