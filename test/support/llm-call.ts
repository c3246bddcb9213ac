import { noFacts } from '../../lambda/core/call.ts';
import type { LlmCall, LlmPart, NativeFrame } from '../../lambda/core/llm.ts';
import { ANONYMOUS } from '../../lambda/core/principal.ts';
import type { WireDialect } from '../../lambda/llm/wire/dialect.ts';
import type { Json } from '../../lambda/llm/wire/fields.ts';

/** A body as a call in its dialect, from nobody in particular. */
export const callIn = (wire: WireDialect, body: Json): LlmCall => ({
  id: 'req_1',
  principal: ANONYMOUS,
  token: undefined,
  request: { method: 'POST', path: '/', headers: {}, ip: '127.0.0.1' },
  route: '/v1',
  signal: new AbortController().signal,
  facts: noFacts(),
  dialect: wire.dialect,
  model: String(body.model),
  ...wire.readStream(body),
  body,
  prompt: wire.readRequest(body),
  dialectHeaders: {},
});

export async function* streamed<T>(items: Iterable<T>): AsyncIterable<T> {
  yield* items;
}

/** All that a stream gives before it ends or throws. */
export const collected = async <T>(items: AsyncIterable<T>): Promise<{ items: T[]; thrown?: unknown }> => {
  const got: T[] = [];
  try {
    for await (const item of items) got.push(item);
    return { items: got };
  } catch (thrown) {
    return { items: got, thrown };
  }
};

/** The part as it arrives in a provider's own frame. */
export const inFrame = (part: LlmPart, dialect: NativeFrame['dialect'], data: string, event?: string): LlmPart => ({
  ...part,
  native: { dialect, event, data, json: data.startsWith('{') ? JSON.parse(data) : undefined },
});
