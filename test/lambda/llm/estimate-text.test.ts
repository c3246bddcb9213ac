import { describe, expect, test } from '@jest/globals';
import { textTokens } from '../../../lambda/llm/estimate-text.ts';
import { estimateTokens } from '../../../lambda/llm/estimate-tokens.ts';

/** Counted with o200k_base. */
const SAMPLES: readonly (readonly [what: string, tokens: number, text: string])[] = [
  [
    'English',
    46,
    "The gateway knows which human stands behind every call, decides what that human's agent may do, and keeps the record. Nothing that a client sends can become identity: every inbound header that the gateway itself sets downstream is stripped first.",
  ],
  [
    'German',
    25,
    'Das Gateway weiß, welcher Mensch hinter jedem Aufruf steht, entscheidet, was dessen Agent tun darf, und führt darüber Buch.',
  ],
  [
    'numbers',
    51,
    'Invoice 2026-11-20: 4,815.16 EUR due; account 0042 7781 9903 1120, reference 88213399021, phone +49 30 901820 7741.',
  ],
  [
    'JSON',
    47,
    '{"type":"object","properties":{"city":{"type":"string","description":"The name of the city"},"days":{"type":"integer","minimum":1,"maximum":14}},"required":["city"],"additionalProperties":false}',
  ],
  ['Chinese', 30, '网关知道每次调用背后的人是谁，决定代理可以做什么，并保存记录。客户端发送的任何内容都不能成为身份。'],
  [
    'Japanese',
    47,
    'ゲートウェイは、すべての呼び出しの背後にいる人物を把握し、エージェントが何をしてよいかを決定し、記録を残します。',
  ],
  [
    'Korean',
    34,
    '게이트웨이는 모든 호출 뒤에 있는 사람을 알고, 에이전트가 무엇을 할 수 있는지 결정하며, 기록을 남깁니다.',
  ],
  [
    'Russian',
    27,
    'Шлюз знает, какой человек стоит за каждым вызовом, решает, что может делать его агент, и ведёт запись.',
  ],
  ['Arabic', 26, 'تعرف البوابة من هو الإنسان الذي يقف وراء كل مكالمة وتقرر ما يمكن أن يفعله وكيله'],
  ['hex', 53, 'a3f5c90b17de4482aa01ff93b6c8d1e05b7f2c44e9d8a0b1c2d3e4f5a6b7c8d9'],
];

describe('an estimate', () => {
  test.each(SAMPLES)('of %s is within a third of %d tokens', (_what, tokens, text) => {
    expect(textTokens(text)).toBeGreaterThan(tokens * 0.67);
    expect(textTokens(text)).toBeLessThan(tokens * 1.34);
  });

  test('of a text is that of its parts, but for runs that the cut breaks', () => {
    const text = SAMPLES.map(([, , sample]) => sample).join('\n');
    const halves = textTokens(text.slice(0, 200)) + textTokens(text.slice(200));
    expect(Math.abs(halves - textTokens(text))).toBeLessThan(10);
    expect(textTokens('')).toBe(0);
  });

  test('grows with the text, and not faster: 1 MB against a tenth of it', () => {
    const text = (times: number) => 'The quick brown fox (jumps) over 12 dogs. '.repeat(times);
    const fastest = (words: string): number =>
      Math.min(
        ...Array.from({ length: 5 }, () => {
          const started = process.hrtime.bigint();
          textTokens(words);
          return Number(process.hrtime.bigint() - started);
        }),
      );
    const small = fastest(text(2_500));
    expect(fastest(text(25_000))).toBeLessThan(small * 40);
  });

  test('of a prompt counts system, tools, calls, results and media', () => {
    const text = (words: string) => ({ type: 'text' as const, text: words });
    const nothing = { system: [], messages: [], tools: [] };
    const words = 'one two three four five six seven eight nine ten';
    const of = (part: Partial<Parameters<typeof estimateTokens>[0]>) => estimateTokens({ ...nothing, ...part });
    expect(of({})).toBe(0);
    expect(of({ system: [text(words)] })).toBe(Math.ceil(textTokens(words)));
    expect(of({ tools: [{ name: 'f', description: words }] })).toBeGreaterThan(textTokens(words));
    const user = (content: Parameters<typeof estimateTokens>[0]['messages'][number]['content']) =>
      of({ messages: [{ role: 'user', content }] });
    expect(user([{ type: 'tool-result', callId: 'a', content: [text(words)], isError: false }])).toBe(
      Math.ceil(textTokens(words)),
    );
    expect(user([{ type: 'image', source: { type: 'url', url: 'https://x.example/a.png' } }])).toBeGreaterThan(1_000);
  });
});
