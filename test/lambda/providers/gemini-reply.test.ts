import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { LlmCall, LlmPart } from '../../../lambda/core/llm.ts';
import { openAiChat } from '../../../lambda/llm/wire/openai-chat.ts';
import { gemini } from '../../../lambda/providers/gemini.ts';
import { geminiName } from '../../../lambda/providers/gemini-tools.ts';
import { callIn, collected, streamed } from '../../support/llm-call.ts';

const LONG = 'x'.repeat(80);
const CALL: LlmCall = callIn(openAiChat, {
  model: 'm',
  messages: [{ role: 'user', content: 'hi' }],
  tools: [{ type: 'function', function: { name: LONG } }],
});

const USAGE = { promptTokenCount: 10, candidatesTokenCount: 4, totalTokenCount: 14 };
const frame = (parts: object[], finishReason?: string, usageMetadata: object = USAGE) => ({
  candidates: [
    { content: { role: 'model', parts }, index: 0, ...(finishReason === undefined ? {} : { finishReason }) },
  ],
  usageMetadata,
  modelVersion: 'gemini-2.5-flash',
  responseId: 'r1',
});
const whole = (body: object) => gemini.toMessage(body as Record<string, unknown>, CALL);
const bytesOf = (frames: readonly object[]): Buffer =>
  Buffer.from(frames.map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`).join(''));
const partsOf = async (chunks: Iterable<Uint8Array>) => {
  const { items, thrown } = await collected(gemini.toParts(gemini.decode(streamed(chunks), CALL), CALL));
  return { parts: items.map(({ native: _, ...part }) => part as LlmPart), thrown };
};
const stream = (...frames: object[]) => partsOf([bytesOf(frames)]);
const ofType = <T extends LlmPart['type']>(parts: readonly LlmPart[], type: T) =>
  parts.filter((part): part is Extract<LlmPart, { type: T }> => part.type === type);

const signedCall = (name: string, args: object, more: object = {}) => ({ functionCall: { name, args }, ...more });

describe('a whole answer', () => {
  test('R13: texts that follow each other are one', () => {
    expect(whole(frame([{ text: 'Hel' }, { text: 'lo' }], 'STOP'))).toEqual({
      id: 'r1',
      model: 'gemini-2.5-flash',
      content: [{ type: 'text', text: 'Hello' }],
      finish: 'stop',
      usage: { input: 10, cacheRead: 0, cacheWrite: 0, output: 4, reasoning: 0 },
    });
  });

  test('R21: a name that was made for Gemini is the caller’s again', () => {
    const { content } = whole(frame([signedCall(geminiName(LONG), {})], 'STOP'));
    expect(content).toMatchObject([{ name: LONG, arguments: '{}' }]);
  });

  test('R34: arguments are text', () => {
    const { content } = whole(frame([signedCall('f', { q: 1 }), { functionCall: { name: 'g' } }], 'STOP'));
    expect(content).toMatchObject([{ arguments: '{"q":1}' }, { arguments: '{}' }]);
  });

  test('R38: two calls of one function have different ids, and an id of Gemini’s own is kept', () => {
    const ids = (...parts: object[]) => whole(frame(parts, 'STOP')).content.map((block) => 'id' in block && block.id);
    const made = ids(signedCall('f', {}), signedCall('f', {}));
    expect(made).toEqual(['call_req_1_0', 'call_req_1_1']);
    expect(ids({ functionCall: { id: 'abc', name: 'f', args: {} } })).toEqual(['abc']);
  });

  test('R83: a signature stays with its call', () => {
    const { content } = whole(frame([signedCall('f', {}, { thoughtSignature: 'c2ln' }), signedCall('f', {})], 'STOP'));
    expect(content.map((block) => 'signature' in block && block.signature)).toEqual(['c2ln', false]);
  });

  test('R80, R84: thoughts are thinking, not text, and their signature says whose it is', () => {
    const parts = [
      { text: 'h', thought: true },
      { text: 'm', thought: true, thoughtSignature: 'c2ln' },
      { text: 'so' },
    ];
    expect(whole(frame(parts, 'STOP')).content).toEqual([
      { type: 'thinking', text: 'hm', signature: 'gemini:c2ln' },
      { type: 'text', text: 'so' },
    ]);
  });

  test('R103: usage in our five kinds', () => {
    const usage = {
      promptTokenCount: 100,
      cachedContentTokenCount: 80,
      toolUsePromptTokenCount: 7,
      candidatesTokenCount: 9,
      thoughtsTokenCount: 30,
    };
    expect(whole(frame([{ text: 'a' }], 'STOP', usage)).usage).toEqual({
      input: 27,
      cacheRead: 80,
      cacheWrite: 0,
      output: 39,
      reasoning: 30,
    });
  });

  test.each([
    ['STOP', [{ text: 'a' }], 'stop'],
    ['STOP', [signedCall('f', {})], 'tool-call'],
    ['MAX_TOKENS', [{ text: 'a' }], 'length'],
    ['MAX_TOKENS', [signedCall('f', {})], 'length'], // R112
    ...['SAFETY', 'RECITATION', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII', 'IMAGE_SAFETY'].map(
      (reason) => [reason, [], 'filtered'] as const,
    ),
    ['SOMETHING_NEW', [{ text: 'a' }], 'stop'], // R114
    [undefined, [{ text: 'a' }], 'stop'],
  ] as const)('R110: it ended with %s and %j: %s', (reason, parts, expected) => {
    expect(whole(frame([...parts], reason)).finish).toBe(expected);
  });

  test.each(['MALFORMED_FUNCTION_CALL', 'OTHER', 'LANGUAGE', 'UNEXPECTED_TOOL_CALL'])(
    'R110: a model that got lost with %s has failed, and another may do better',
    (reason) => {
      expect(() => whole(frame([], reason))).toThrow(
        expect.objectContaining({ code: 'upstream_failed', detail: { reason } }),
      );
    },
  );

  test('R111: a prompt that was blocked is an empty answer that was filtered', () => {
    const body = { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: { promptTokenCount: 8 } };
    expect(whole(body)).toMatchObject({ content: [], finish: 'filtered', usage: { input: 8, output: 0 } });
  });

  test('R143: a candidate without content is an empty answer, and none at all is a failure', () => {
    expect(whole({ candidates: [{ finishReason: 'STOP' }] })).toMatchObject({
      content: [],
      finish: 'stop',
      id: 'req_1',
    });
    expect(() => whole({ usageMetadata: USAGE })).toThrow(expect.objectContaining({ code: 'upstream_failed' }));
  });

  test('a picture is not lost without a word', () => {
    const parts = [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }];
    expect(() => whole(frame(parts, 'STOP'))).toThrow(expect.objectContaining({ code: 'surface_not_served' }));
  });
});

describe('a stream', () => {
  test('R126: ends when it ends, after a reason to', async () => {
    const { parts, thrown } = await stream(frame([{ text: 'Hel' }]), frame([{ text: 'lo' }], 'STOP'));
    expect(thrown).toBeUndefined();
    expect(parts.map(({ type }) => type)).toEqual(['start', 'text', 'usage', 'text', 'usage', 'finish', 'end']);
    expect(parts[0]).toEqual({ type: 'start', id: 'r1', model: 'gemini-2.5-flash' });
  });

  test('R126: what follows a reason is not lost', async () => {
    const late = { usageMetadata: { ...USAGE, candidatesTokenCount: 40 } };
    const { parts } = await stream(frame([{ text: 'a' }], 'STOP'), frame([signedCall('f', {})]), late);
    expect(ofType(parts, 'finish')).toEqual([{ type: 'finish', reason: 'tool-call' }]);
    expect(ofType(parts, 'usage').at(-1)?.usage).toMatchObject({ output: 40 });
    expect(parts.at(-1)).toEqual({ type: 'end' });
  });

  test('R38, R117: calls are counted over frames, not within them', async () => {
    const { parts } = await stream(
      frame([signedCall('f', { a: 1 })]),
      frame([{ text: 'and' }, signedCall('f', {})], 'STOP'),
    );
    expect(ofType(parts, 'tool-call').map(({ index, id }) => [index, id])).toEqual([
      [0, 'call_req_1_0'],
      [1, 'call_req_1_1'],
    ]);
    expect(ofType(parts, 'tool-arguments').map(({ json }) => json)).toEqual(['{"a":1}', '{}']);
  });

  test('R107: a count that a later frame leaves out is not 0', async () => {
    const { parts } = await stream(
      frame([{ text: 'a' }], undefined, { promptTokenCount: 10, thoughtsTokenCount: 5 }),
      frame([], 'STOP', { candidatesTokenCount: 2 }),
    );
    expect(ofType(parts, 'usage').at(-1)?.usage).toMatchObject({ input: 10, output: 7, reasoning: 5 });
  });

  test('R111: a blocked prompt ends it like an answer', async () => {
    const { parts } = await stream({ promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: USAGE });
    expect(parts.slice(-2)).toEqual([{ type: 'finish', reason: 'filtered' }, { type: 'end' }]);
  });

  test('R128: without a reason it was broken off', async () => {
    expect((await stream(frame([{ text: 'a' }]))).thrown).toMatchObject({ code: 'upstream_truncated' });
    expect((await partsOf([])).thrown).toMatchObject({ code: 'upstream_truncated' });
  });

  test('R129: an error in the middle is one, with its own meaning', async () => {
    const error = { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' };
    const { parts, thrown } = await stream(frame([{ text: 'a' }]), { error });
    expect(thrown).toMatchObject({ code: 'upstream_busy' });
    expect(ofType(parts, 'end')).toEqual([]);
  });

  test('R110: one that got lost is an error, after its usage was told', async () => {
    const { parts, thrown } = await stream(frame([], 'MALFORMED_FUNCTION_CALL'));
    expect(thrown).toMatchObject({ code: 'upstream_failed' });
    expect(ofType(parts, 'usage')).toHaveLength(1);
    expect(ofType(parts, 'finish')).toEqual([]);
  });
});

describe('any answer', () => {
  const part = fc.oneof(
    fc.record({ text: fc.string({ minLength: 1, unit: 'grapheme' }) }),
    fc.record({ text: fc.string({ minLength: 1 }), thought: fc.constant(true) }),
    fc.record({
      functionCall: fc.record({ name: fc.constant('f'), args: fc.dictionary(fc.string(), fc.jsonValue()) }),
    }),
  );
  const answer = fc.array(part, { minLength: 1, maxLength: 8 });
  const framesOf = (parts: object[]) =>
    parts.map((one, at) => frame([one], at === parts.length - 1 ? 'STOP' : undefined));

  test('is the same however its bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(answer, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), async (parts, sizes) => {
        const bytes = bytesOf(framesOf(parts));
        const chunks: Buffer[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(await partsOf(chunks)).toEqual(await partsOf([bytes]));
      }),
      { numRuns: 50 },
    );
  });

  test('is the same streamed and whole, usage included', async () => {
    await fc.assert(
      fc.asyncProperty(answer, async (raw) => {
        const { parts } = await stream(...framesOf(raw));
        const message = whole(frame(raw, 'STOP'));
        const said = (type: 'text' | 'thinking') =>
          ofType(parts, type)
            .map(({ text }) => text)
            .join('');
        const kept = (type: 'text' | 'thinking') =>
          message.content.flatMap((block) => (block.type === type ? [block.text] : [])).join('');
        expect([said('text'), said('thinking')]).toEqual([kept('text'), kept('thinking')]);
        expect(ofType(parts, 'tool-arguments').map(({ json }) => json)).toEqual(
          message.content.flatMap((block) => (block.type === 'tool-call' ? [block.arguments] : [])),
        );
        expect(ofType(parts, 'finish')[0]?.reason).toBe(message.finish);
        expect(ofType(parts, 'usage').at(-1)?.usage).toEqual(message.usage);
      }),
      { numRuns: 50 },
    );
  });

  test('that is cut off at any byte before its last frame is whole never ends well', async () => {
    const frames = [frame([{ text: 'Grüße' }]), frame([signedCall('f', { a: 'b' })], 'STOP')];
    const bytes = bytesOf(frames);
    const complete = bytes.length - Buffer.byteLength('\r\n\r\n');
    for (let length = 0; length < complete; length++) {
      const { parts, thrown } = await partsOf([bytes.subarray(0, length)]);
      expect([length, ofType(parts, 'end'), ofType(parts, 'finish')]).toEqual([length, [], []]);
      expect(thrown).toMatchObject({ code: expect.stringMatching(/^upstream_(truncated|failed)$/) });
    }
  });
});
