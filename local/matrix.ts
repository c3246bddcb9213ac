import type { LlmProviderKind } from '../config/compiled.ts';
import type { Dialect } from '../lambda/core/llm.ts';
import { PROVIDERS } from '../lambda/providers/registry.ts';
import { TOKEN_COUNTERS } from '../lambda/providers/token-counters.ts';

const KINDS: readonly LlmProviderKind[] = ['openai', 'anthropic', 'gemini', 'bedrock', 'openai-compatible'];

const chat =
  (dialect: Dialect) =>
  (kind: LlmProviderKind): string => {
    const provider = PROVIDERS[kind];
    if (provider === undefined) return '–';
    return provider.dialects.includes(dialect) ? 'passes' : 'translated';
  };

/** Each surface, and how a kind of provider serves it. */
const SURFACES: Readonly<Record<string, (kind: LlmProviderKind) => string>> = {
  '`/chat/completions`': chat('openai-chat'),
  '`/messages`': chat('anthropic-messages'),
  '`/messages/count_tokens`': (kind) => (TOKEN_COUNTERS[kind] === undefined ? 'estimated' : 'passes'),
  '`/responses`': chat('openai-responses'),
  '`/embeddings`': (kind) =>
    PROVIDERS[kind]?.embeddings === undefined ? '–' : kind.startsWith('openai') ? 'passes' : 'translated',
};

/** What the README says of surfaces and providers, from the code itself. */
export const matrix = (): string => {
  const rows = Object.entries(SURFACES).map(([surface, served]) => [surface, ...KINDS.map(served)]);
  return [['', ...KINDS], KINDS.map(() => '---').concat('---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
};

const MARKS = { start: '<!-- matrix: npm run matrix -->', end: '<!-- matrix end -->' };

/** The text with the matrix between its marks. Errors: `Error` when the marks are not there. */
export const withMatrix = (text: string): string => {
  const [start, end] = [text.indexOf(MARKS.start), text.indexOf(MARKS.end)];
  if (start < 0 || end < start) throw new Error(`the marks of the matrix are missing: ${MARKS.start} … ${MARKS.end}`);
  return `${text.slice(0, start)}${MARKS.start}\n\n${matrix()}\n\n${text.slice(end)}`;
};
