import type { ASTNode } from '@marcbachmann/cel-js';

const isNode = (value: unknown): value is ASTNode => typeof value === 'object' && value !== null && 'op' in value;

const nodesIn = (args: unknown): ASTNode[] => {
  if (isNode(args)) return [args];
  return Array.isArray(args) ? args.flatMap(nodesIn) : [];
};

export const childrenOf = (node: ASTNode): ASTNode[] => nodesIn(node.args);

/** The node and all below it, as they were written (macros are not expanded). */
export function* walk(node: ASTNode): Generator<ASTNode> {
  yield node;
  for (const child of childrenOf(node)) yield* walk(child);
}

/** A chain such as `mcp.tool.name` as a list of its names, if the node is one. */
export const chainOf = (node: ASTNode): readonly string[] | undefined => {
  if (node.op === 'id') return [node.args];
  const before = node.op === '.' ? chainOf(node.args[0]) : undefined;
  return node.op === '.' && before !== undefined ? [...before, node.args[1]] : undefined;
};
