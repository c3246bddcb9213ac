import type { ASTNode } from '@marcbachmann/cel-js';
import { childrenOf } from './cel-nodes.ts';

/** Stands for "any claim": an expression looks one up by a name that is only known at run time. */
const ANY_CLAIM = '*';

const isClaims = (node: ASTNode): boolean =>
  (node.op === 'id' && (node.args === 'claims' || node.args === 'jwt')) ||
  (node.op === '.' && node.args[1] === 'claims' && node.args[0].op === 'id' && node.args[0].args === 'principal');

const literal = (node: ASTNode): string =>
  node.op === 'value' && typeof node.args === 'string' ? node.args : ANY_CLAIM;

const collect = (node: ASTNode, claims: Set<string>): void => {
  if (node.op === '.' && isClaims(node.args[0])) {
    claims.add(node.args[1]);
    return;
  }
  if (node.op === '[]' && isClaims(node.args[0])) {
    claims.add(literal(node.args[1]));
    collect(node.args[1], claims);
    return;
  }
  if (node.op === 'in' && isClaims(node.args[1])) {
    claims.add(literal(node.args[0]));
    collect(node.args[0], claims);
    return;
  }
  // Claims as a whole, or a principal handed on as a whole, may be read anywhere later.
  if (isClaims(node) || (node.op === 'id' && node.args === 'principal')) {
    claims.add(ANY_CLAIM);
    return;
  }
  if (node.op === '.' && node.args[0].op === 'id' && node.args[0].args === 'principal') return;
  for (const child of childrenOf(node)) collect(child, claims);
};

/** Which claims an expression reads, sorted. Names are those of `claims.x`, `jwt.x` and `principal.claims.x`. */
export const claimsRead = (ast: ASTNode): readonly string[] => {
  const claims = new Set<string>();
  collect(ast, claims);
  return [...claims].sort();
};
