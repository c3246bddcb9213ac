import { expect, test } from '@jest/globals';
import type { MatchLogic } from '@pydantic/genai-prices';
import { toGlobs } from '../../config/price-globs.ts';

test.each<[MatchLogic, unknown]>([
  [{ equals: 'GPT-4o' }, { match: ['gpt-4o'], not: [] }],
  [{ or: [{ starts_with: 'a' }, { ends_with: 'b' }, { contains: 'c' }] }, { match: ['a*', '*b', '*c*'], not: [] }],
  [{ regex: '^grok-4\\.3-\\d{8}$' }, { match: ['grok-4.3-########'], not: [] }],
  [{ regex: '^gpt-\\d{4}-\\d{2}$' }, { match: ['gpt-####-##'], not: [] }],
  [{ regex: '^gemini-3\\.5-flash-\\d' }, { match: ['gemini-3.5-flash-#*'], not: [] }],
  [
    { and: [{ starts_with: 'gemini-2.5-pro' }, { regex: '^(?!.*-[tT][tT][sS](?:$|-))' }] },
    { match: ['gemini-2.5-pro*'], not: ['*-tts', '*-tts-*'] },
  ],
])('%j is said in globs', (logic, globs) => {
  expect(toGlobs(logic)).toEqual(globs);
});

test.each<[MatchLogic]>([
  [{ regex: '^(a|b)$' }],
  [{ regex: 'anywhere' }],
  [{ regex: '^a.c$' }],
  [{ regex: '^a+$' }],
  [{ and: [{ starts_with: 'a' }, { ends_with: 'b' }] }],
  [{ or: [{ equals: 'a' }, { regex: '^(a|b)$' }] }],
  [{ equals: 'a*b' }],
])('%j is not guessed at', (logic) => {
  expect(toGlobs(logic)).toBeUndefined();
});
