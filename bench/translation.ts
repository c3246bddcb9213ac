import type { CompiledLlmProvider } from '../config/compiled.ts';
import { noFacts } from '../lambda/core/call.ts';
import type { LlmCall } from '../lambda/core/llm.ts';
import { ANONYMOUS } from '../lambda/core/principal.ts';
import { anthropicMessages } from '../lambda/llm/wire/anthropic-messages.ts';
import type { WireDialect } from '../lambda/llm/wire/dialect.ts';
import type { Json } from '../lambda/llm/wire/fields.ts';
import { openAiChat } from '../lambda/llm/wire/openai-chat.ts';
import { PROVIDERS } from '../lambda/providers/registry.ts';
import { median } from './load.ts';

export interface TranslationFacts {
  readonly kb: number;
  /** Milliseconds at the median, for each direction. */
  readonly ms: Readonly<Record<string, number>>;
}

const TURN = 'The quick brown fox jumps over the lazy dog, and says so at some length. '.repeat(12);

/** A conversation of about so many kilobytes, a quarter of it tool calls and their results. */
const conversation = (kb: number, dialect: 'openai' | 'anthropic'): Json => {
  const turns = Math.max(1, Math.round((kb * 1024) / (TURN.length * 3.2)));
  const messages = Array.from({ length: turns }, (_, index) => {
    const id = `call_${index}`;
    const input = { query: TURN.slice(0, 300), page: index };
    return dialect === 'openai'
      ? [
          { role: 'user', content: TURN },
          {
            role: 'assistant',
            content: TURN,
            tool_calls: [{ id, type: 'function', function: { name: 'search', arguments: JSON.stringify(input) } }],
          },
          { role: 'tool', tool_call_id: id, content: TURN },
        ]
      : [
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: `call_${index - 1}`, content: TURN },
              { type: 'text', text: TURN },
            ].slice(index === 0 ? 1 : 0),
          },
          {
            role: 'assistant',
            content: [
              { type: 'text', text: TURN },
              { type: 'tool_use', id, name: 'search', input },
            ],
          },
        ];
  }).flat();
  return { model: 'm', max_tokens: 100, messages };
};

const DIRECTIONS: readonly {
  readonly name: string;
  readonly from: 'openai' | 'anthropic';
  readonly wire: WireDialect;
  readonly to: keyof typeof PROVIDERS;
  readonly model: string;
}[] = [
  { name: 'OpenAI to Anthropic', from: 'openai', wire: openAiChat, to: 'anthropic', model: 'claude-sonnet-4-5' },
  { name: 'OpenAI to Gemini', from: 'openai', wire: openAiChat, to: 'gemini', model: 'gemini-2.5-flash' },
  {
    name: 'OpenAI to Bedrock',
    from: 'openai',
    wire: openAiChat,
    to: 'bedrock',
    model: 'anthropic.claude-sonnet-4-5-20250929-v1:0',
  },
  { name: 'Anthropic to OpenAI', from: 'anthropic', wire: anthropicMessages, to: 'openai', model: 'gpt-4o' },
];

const callOf = (wire: WireDialect, body: Json): LlmCall => ({
  id: 'bench',
  principal: ANONYMOUS,
  token: undefined,
  request: { method: 'POST', path: '/', headers: {}, ip: '' },
  route: '/',
  signal: new AbortController().signal,
  facts: noFacts(),
  dialect: wire.dialect,
  model: 'm',
  stream: false,
  includeUsage: false,
  body,
  prompt: wire.readRequest(body),
  dialectHeaders: {},
});

/** From parsed body to parsed body: what lies between is JSON's own cost, which a pass-through has as well. */
export const translationFacts = (sizes: readonly number[], rounds: number): readonly TranslationFacts[] =>
  sizes.map((kb) => ({
    kb,
    ms: Object.fromEntries(
      DIRECTIONS.map(({ name, from, wire, to, model }) => {
        const body = conversation(kb, from);
        const provider = PROVIDERS[to];
        const config = {
          name: to,
          kind: to,
          baseUrl: '',
          region: 'us-east-1',
          timeouts: { connectMs: 0, firstByteMs: 0, idleMs: 0 },
        } as CompiledLlmProvider;
        const taken = Array.from({ length: rounds }, () => {
          const started = performance.now();
          provider?.toRequest(callOf(wire, body), model, config);
          return performance.now() - started;
        });
        return [name, median(taken)];
      }),
    ),
  }));
