import { expect, test } from '@jest/globals';
import type { CompiledPolicy } from '../../config/compiled.ts';
import { TOKEN_DOCUMENTS, TOKEN_PATH } from '../../lambda/token/paths.ts';
import { tokenPaths } from '../../lib/agent-paths.ts';

const paths = (policy: object) => tokenPaths(policy as CompiledPolicy).map(({ path }) => path);

test('API Gateway has the paths that the token function serves, and none where there is no such function', () => {
  expect(paths({ tokens: { clients: [] } })).toEqual([TOKEN_PATH, ...TOKEN_DOCUMENTS]);
  expect(paths({})).toEqual([]);
});
