import type { ASTNode, Environment } from '@marcbachmann/cel-js';
import { RE2JS } from 're2js';

/** What `matches` is called once it is ours. Expressions may not write it themselves. */
export const LINEAR_MATCHES = 'linearMatches_';

const MAX_PATTERN_LENGTH = 1_000;
const MAX_PROGRAM_SIZE = 1_000;

/** Patterns are literals of the policy, so this holds as many as the policy has. */
const compiled = new Map<string, RE2JS>();

/** Why a pattern is refused, or `undefined` once it is compiled. */
const compilePattern = (pattern: string): string | undefined => {
  if (compiled.has(pattern)) return undefined;
  if (pattern.length > MAX_PATTERN_LENGTH) return `a pattern may have ${MAX_PATTERN_LENGTH} characters`;
  try {
    const re2 = RE2JS.compile(pattern);
    if (re2.programSize() > MAX_PROGRAM_SIZE) return 'the pattern is too large: use smaller repeat counts';
    compiled.set(pattern, re2);
    return undefined;
  } catch (error) {
    return `not an RE2 pattern: ${error instanceof Error ? error.message : 'unreadable'}`;
  }
};

/**
 * The package's own `matches` runs JavaScript's backtracking expressions and can't be replaced by one of the same signature.
 * So there is a second function, and calls of the first are turned into calls of it before types are checked.
 */
export const declareLinearMatches = (environment: Environment): Environment =>
  environment.registerFunction(`string.${LINEAR_MATCHES}(string): bool`, (text: string, pattern: string) => {
    const re2 = compiled.get(pattern);
    if (re2 === undefined) throw new Error('the pattern was not compiled when the policy was loaded');
    return re2.test(text);
  });

/** Turns one node into a call of the linear function if it is a `matches`. Answers why it is refused, if it is. */
export const toLinearMatches = (node: ASTNode): { readonly problem: string; readonly offset: number } | undefined => {
  if (node.op !== 'rcall' && node.op !== 'call') return undefined;
  if (node.args[0] === LINEAR_MATCHES) return { problem: `unknown function ${LINEAR_MATCHES}`, offset: node.start };
  if (node.op !== 'rcall' || node.args[0] !== 'matches') return undefined;
  const [pattern, ...more] = node.args[2];
  if (pattern === undefined || more.length > 0) return undefined;
  if (pattern.op !== 'value' || typeof pattern.args !== 'string')
    return { problem: 'the pattern of matches must be a literal text', offset: pattern.start };
  const problem = compilePattern(pattern.args);
  if (problem !== undefined) return { problem, offset: pattern.start };
  node.args[0] = LINEAR_MATCHES;
  return undefined;
};
