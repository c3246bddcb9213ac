import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Message } from '../../../lambda/core/llm.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { strictConversation } from '../../../lambda/providers/conversation.ts';
import type { Json } from '../../../lambda/providers/provider.ts';
import { anthropicSimulator } from '../../../local/simulators/anthropic/anthropic-simulator.ts';
import { Rejection } from '../../../local/simulators/simulator.ts';
import { toAnthropic } from '../../support/chat-calls.ts';
import { randomChat } from '../../support/random-chats.ts';

interface Block extends Json {
  readonly type: string;
}
interface Turn {
  readonly role: string;
  readonly content: readonly Block[];
}

const MODELS = ['claude-3-haiku', 'claude-3-5-haiku', 'claude-sonnet-4-5', 'claude-opus-4-1', 'claude-sonnet-4-6'];

/** The body for Anthropic; undefined where nobody said anything, which is the one thing that is refused. */
const sentFor = (body: Json, model: string): Json | undefined => {
  try {
    return toAnthropic(body, model).body as unknown as Json;
  } catch (thrown) {
    if (thrown instanceof Refusal && thrown.expected === 'at least one message with content') return undefined;
    throw thrown;
  }
};

const idsOf = (turn: Turn | undefined, type: string, member: string): unknown[] =>
  (turn?.content ?? []).filter((block) => block.type === type).map((block) => block[member]);

describe('any conversation', () => {
  test('becomes one that Anthropic takes', () => {
    let sent = 0;
    fc.assert(
      fc.property(randomChat, fc.constantFrom(...MODELS), (chat, model) => {
        const body = sentFor(chat, model);
        if (body === undefined) return;
        sent++;
        const turns = body.messages as readonly Turn[];
        expect(turns.map(({ role }) => role)).toEqual(
          turns.map((_, index) => (index % 2 === 0 ? 'user' : 'assistant')),
        );
        expect(turns.every(({ content }) => content.length > 0)).toBe(true);
        const texts = JSON.stringify(body, (key, value) => (key === 'input' ? undefined : value));
        expect(texts).not.toMatch(/"text":"(?:\s|\\n|\\t)*"/);
        expect((texts.match(/"cache_control":/g) ?? []).length).toBeLessThanOrEqual(4);
        const calls = turns.flatMap((turn) => idsOf(turn, 'tool_use', 'id'));
        expect(new Set(calls).size).toBe(calls.length);
        for (const [index, turn] of turns.entries()) {
          const answers = idsOf(turns[index + 1], 'tool_result', 'tool_use_id');
          expect([...answers].sort()).toEqual([...idsOf(turn, 'tool_use', 'id')].sort());
          const kinds = turn.content.map(({ type }) => type);
          expect(kinds.lastIndexOf('tool_result')).toBeLessThan(kinds.filter((kind) => kind === 'tool_result').length);
        }
      }),
      { numRuns: 500 },
    );
    expect(sent).toBeGreaterThan(300);
  });

  test('passes the simulator, which is as strict as Anthropic is', () => {
    fc.assert(
      fc.property(randomChat, fc.constantFrom(...MODELS), (chat, model) => {
        const body = sentFor(chat, model);
        if (body === undefined) return;
        const request = {
          provider: 'anthropic',
          method: 'POST',
          path: '/v1/messages',
          query: new URLSearchParams(),
          headers: { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' },
          body: JSON.parse(JSON.stringify({ ...body, model })),
          serial: 1,
          nowMs: 0,
        };
        try {
          anthropicSimulator.answer(request);
        } catch (thrown) {
          if (thrown instanceof Rejection) throw new Error(JSON.stringify(thrown.body));
          throw thrown;
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a conversation in the hub', () => {
  const result = (callId: string) => ({ type: 'tool-result', callId, content: [], isError: false }) as const;
  const call = (id: string) => ({ type: 'tool-call', id, name: 'f', arguments: '{}' }) as const;

  test('R6, R41: results of one turn may come in several messages', () => {
    const messages: Message[] = [
      { role: 'user', content: [{ type: 'text', text: 'go' }] },
      { role: 'assistant', content: [call('a')] },
      { role: 'assistant', content: [call('b')] },
      { role: 'user', content: [result('b')] },
      { role: 'user', content: [result('a')] },
    ];
    expect(strictConversation(messages).slice(1)).toEqual([
      { role: 'assistant', content: [call('a'), call('b')] },
      { role: 'user', content: [result('b'), result('a')] },
    ]);
  });

  test('is not changed where it stands: a retry uses it again', () => {
    const messages: Message[] = [
      { role: 'assistant', content: [call('a'), call('a')] },
      { role: 'assistant', content: [{ type: 'text', text: ' ' }] },
    ];
    const before = structuredClone(messages);
    strictConversation(messages);
    expect(messages).toEqual(before);
  });

  test('R48: a second result for one call is text', () => {
    const messages: Message[] = [
      { role: 'user', content: [{ type: 'text', text: 'go' }] },
      { role: 'assistant', content: [call('a')] },
      { role: 'user', content: [result('a'), result('a')] },
    ];
    expect(strictConversation(messages)[2]?.content).toEqual([
      result('a'),
      { type: 'text', text: 'Result of tool call a:' },
    ]);
  });
});
