import { describe, expect, test } from '@jest/globals';
import type { LlmPart } from '../../../lambda/core/llm.ts';
import { meter, settledUsage } from '../../../lambda/llm/meter.ts';
import { Exchange } from '../../../lambda/telemetry/exchange.ts';
import type { CallRecord } from '../../../lambda/telemetry/record.ts';
import { collectUntilError } from '../../support/streams.ts';

const START: LlmPart = { type: 'start', id: 'm', model: 'claude-4' };
const text = (length: number): LlmPart => ({ type: 'text', text: 'x'.repeat(length) });
const usage = (input: number, output: number): LlmPart => ({ type: 'usage', usage: { input, output } });
const FINISH: LlmPart = { type: 'finish', reason: 'stop' };
const END: LlmPart = { type: 'end' };

const setUp = () => {
  const records: CallRecord[] = [];
  let now = 0;
  const request = { method: 'POST', path: '/', headers: {}, ip: '' };
  const about = { id: '1', gateway: 'g', policy: 'p', surface: 's', route: '/', request };
  const exchange = new Exchange(
    about,
    () => now,
    { write: (record) => void records.push(record) },
    () => {},
  );
  exchange.llm = { operation: 'chat', model: 'smart', stream: true, served: { provider: 'a', model: 'asked' } };
  return { exchange, records, clock: () => (now += 10) };
};

/** What the record knows after these parts, the last of which may be where it broke off. */
const metered = async (parts: readonly LlmPart[], promptChars = 400, fails = false) => {
  const { exchange, clock } = setUp();
  const source = async function* () {
    yield* parts;
    if (fails) throw new Error('cut');
  };
  const { all, error } = await collectUntilError(meter(source(), promptChars, exchange, clock));
  expect(all).toEqual(parts);
  expect(error === undefined).toBe(!fails);
  return exchange.llm;
};

describe('what a stream used', () => {
  test('is what the provider says, the last word on each kind', async () => {
    expect((await metered([START, usage(50, 1), text(40), usage(50, 12), FINISH, END]))?.usage).toEqual({
      input: 50,
      output: 12,
      cacheRead: 0,
      cacheWrite: 0,
      reasoning: 0,
    });
  });

  test.each<[string, LlmPart[]]>([
    ['before any report', [START, text(80)]],
    ['after a report from its start', [START, usage(100, 1), text(80)]],
    ['after few words', [START, usage(100, 1), text(12)]],
    ['in the arguments of a call', [START, usage(100, 1), { type: 'tool-arguments', index: 0, json: 'x'.repeat(80) }]],
  ])('R109: is estimated, and says so, when it is cut %s', async (_when, parts) => {
    const chars = parts.reduce(
      (sum, part) => sum + ('text' in part ? part.text.length : 'json' in part ? part.json.length : 0),
      0,
    );
    expect((await metered(parts, 400, true))?.usage).toMatchObject({ input: 100, output: chars / 4, estimated: true });
  });

  test('is the provider’s word when only the terminator was missing', async () => {
    const settled = (await metered([START, usage(50, 1), text(40), usage(50, 12), FINISH], 400, true))?.usage;
    expect(settled).toMatchObject({ input: 50, output: 12 });
    expect(settled).not.toHaveProperty('estimated');
  });

  test('R109: is estimated when a whole answer reports nothing', async () => {
    expect((await metered([START, text(80), FINISH, END], 400))?.usage).toMatchObject({
      input: 100,
      output: 20,
      estimated: true,
    });
  });

  test('is noted when the caller leaves in the middle', async () => {
    const { exchange, clock } = setUp();
    const parts = meter(
      (async function* () {
        yield START;
        yield text(400);
        yield text(400);
      })(),
      40,
      exchange,
      clock,
    )[Symbol.asyncIterator]();
    await parts.next();
    await parts.next();
    await parts.return?.();
    expect(exchange.llm?.usage).toMatchObject({ input: 10, output: 100, estimated: true });
  });

  test('goes with who answered, why it ended and when it began', async () => {
    expect(await metered([START, usage(5, 1), text(4), usage(5, 1), FINISH, END])).toMatchObject({
      served: { provider: 'a', model: 'claude-4' },
      finish: 'stop',
      firstTokenMs: 10,
    });
    expect((await metered([{ ...START, model: '' }, END]))?.served?.model).toBe('asked');
    expect((await metered([START, FINISH, END]))?.firstTokenMs).toBeUndefined();
  });
});

describe('what a whole answer used', () => {
  test('is what the provider says', () => {
    expect(settledUsage({ input: 5, output: 2 }, 400, 8)).not.toHaveProperty('estimated');
    expect(settledUsage({ cacheRead: 5, output: 2 }, 400, 8)).not.toHaveProperty('estimated');
  });

  test('R109: is never zero because nobody counted', () => {
    expect(settledUsage({}, 400, 80)).toEqual({
      input: 100,
      output: 20,
      cacheRead: 0,
      cacheWrite: 0,
      reasoning: 0,
      estimated: true,
    });
  });
});
