import type { ASTNode } from '@marcbachmann/cel-js';
import { chainOf, childrenOf } from './cel-nodes.ts';

/**
 * What is not known yet: the `arguments` of a call, when a list is made; the `subject`, which is the tool, resource or prompt,
 * before there is one.
 */
export type Unknown = 'arguments' | 'subject';

/** What an expression may read. `details`: anything of a tool, resource or prompt but its server. */
export type Part = Unknown | 'details' | 'request';

/** The values that an expression may come to, as a set of bits. */
export type Outcomes = number;

export const TRUE = 1;
export const FALSE = 2;
/** It fails, or is neither true nor false. */
export const FAILS = 4;

const ANY: Outcomes = TRUE | FALSE | FAILS;
const SINGLE = [TRUE, FALSE, FAILS];

/** Each combination of two sets. */
const combine = (a: Outcomes, b: Outcomes, of: (one: number, other: number) => number): Outcomes => {
  let outcomes = 0;
  for (const one of SINGLE) for (const other of SINGLE) if (a & one && b & other) outcomes |= of(one, other);
  return outcomes;
};

// CEL's && and || give the value that decides even where the other side fails.
const and = (a: number, b: number): number => (a === FALSE || b === FALSE ? FALSE : Math.max(a, b));
const or = (a: number, b: number): number => {
  if (a === TRUE || b === TRUE) return TRUE;
  return a === FAILS || b === FAILS ? FAILS : FALSE;
};

const not = (outcomes: Outcomes): Outcomes =>
  (outcomes & FAILS) | (outcomes & TRUE ? FALSE : 0) | (outcomes & FALSE ? TRUE : 0);

/** Below `mcp.tool`, of which `tool` is another name; `undefined` for a chain that leads elsewhere. */
const belowTool = ([root, second, ...rest]: readonly string[]): readonly string[] | undefined => {
  if (root === 'tool') return second === undefined ? [] : [second, ...rest];
  if (root !== 'mcp') return undefined;
  return second === undefined || second === 'tool' ? rest : undefined;
};

const isOf = (chain: readonly string[], part: Part): boolean => {
  const [root, second] = chain;
  if (part === 'request') return root === 'request';
  const below = belowTool(chain);
  const isOther = root === 'mcp' && (second === 'resource' || second === 'prompt');
  if (part === 'subject') return below !== undefined || isOther;
  if (part === 'details') return isOther || (below !== undefined && below[0] !== 'target');
  // A tool as a whole has its arguments in it.
  return below !== undefined && (below.length === 0 || below[0] === 'arguments');
};

/** Whether an expression can't be judged without it. */
export const reads = (node: ASTNode, part: Part): boolean => {
  const chain = chainOf(node);
  return chain === undefined ? childrenOf(node).some((child) => reads(child, part)) : isOf(chain, part);
};

type Evaluate<Bound> = (bound: Bound) => unknown;

const toOutcome = <Bound>(evaluate: Evaluate<Bound>, bound: Bound): Outcomes => {
  try {
    const value = evaluate(bound);
    return typeof value === 'boolean' ? (value ? TRUE : FALSE) : FAILS;
  } catch {
    return FAILS;
  }
};

/**
 * What a condition may come to while some of what it reads is unknown: `'a' in principal.roles && tool.arguments.x == 1` is
 * false for who lacks the role, and may be anything for the others. What is unknown may be any value, so a part that reads it
 * may be true, false or fail.
 *
 * Shape:  `compile` makes a program of a part.
 */
export const compileOutcomes = <Bound>(
  node: ASTNode,
  unknown: Unknown,
  compile: (node: ASTNode) => Evaluate<Bound>,
): ((bound: Bound) => Outcomes) => {
  const visit = (part: ASTNode): ((bound: Bound) => Outcomes) => {
    if (!reads(part, unknown)) {
      const evaluate = compile(part);
      return (bound) => toOutcome(evaluate, bound);
    }
    if (part.op === '!_') {
      const inner = visit(part.args);
      return (bound) => not(inner(bound));
    }
    if (part.op === '&&' || part.op === '||') {
      const [left, right] = [visit(part.args[0]), visit(part.args[1])];
      const of = part.op === '&&' ? and : or;
      return (bound) => combine(left(bound), right(bound), of);
    }
    if (part.op === '?:') {
      const [condition, then, otherwise] = part.args.map(visit);
      if (condition === undefined || then === undefined || otherwise === undefined) return () => ANY;
      return (bound) => {
        const which = condition(bound);
        return (which & FAILS) | (which & TRUE ? then(bound) : 0) | (which & FALSE ? otherwise(bound) : 0);
      };
    }
    return () => ANY;
  };
  return visit(node);
};
