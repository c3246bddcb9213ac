import { type ASTNode, type Environment, type ParseResult, serialize } from '@marcbachmann/cel-js';
import { claimsRead } from './cel-claims.ts';
import { declareLinearMatches, LINEAR_MATCHES, toLinearMatches } from './cel-matches.ts';
import { chainOf, walk } from './cel-nodes.ts';
import { bindVariables, type CelVariables, declareVariables, knownNames } from './cel-variables.ts';

import { hint } from './nearest.ts';

export type { CelVariables } from './cel-variables.ts';

/** An expression that will not do. `offset` counts characters (UTF-16 units) from the start of its source. */
export class CelError extends Error {
  override readonly name = 'CelError';

  constructor(
    message: string,
    readonly offset: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface CelProgram {
  readonly source: string;
  /** Claims the expression reads, sorted; `*` if it reads one by a name known only at run time. */
  readonly claims: readonly string[];
  /**
   * The expression's value. Whole numbers are bigint, other numbers are number.
   *
   * Errors: anything that fails at run time throws (a claim that is not there, types that do not meet, a `bool` program
   *         whose value is not a boolean). The message may repeat names from the call: keep it out of answers.
   */
  evaluate(variables: CelVariables): unknown;
}

export interface CelOptions {
  readonly result: 'bool' | 'any';
  /** Whether `response` may be read. */
  readonly response?: boolean;
}

const MAX_LENGTH = 4_096;

const environments = new Map<boolean, Environment>();

const environmentFor = (response: boolean): Environment => {
  const known = environments.get(response);
  if (known !== undefined) return known;
  const made = declareLinearMatches(declareVariables(response));
  environments.set(response, made);
  return made;
};

const MACROS = new Set(['all', 'exists', 'exists_one', 'map', 'filter', 'bind']);

interface PackageError {
  readonly summary?: string;
  readonly message?: string;
  readonly range?: { readonly start: number };
  readonly node?: ASTNode;
}

const explain = ({ summary, message, node }: PackageError, response: boolean): string => {
  const say = (summary ?? message ?? 'cannot be read').replaceAll(LINEAR_MATCHES, 'matches');
  const [, variable] = /^Unknown variable: (.*)$/.exec(say) ?? [];
  if (variable !== undefined) return `unknown variable ${variable}${hint(variable, knownNames(response), 'known')}`;
  const [, field] = /^No such key: (.*)$/.exec(say) ?? [];
  if (field !== undefined) {
    const known = knownNames(response, node?.op === '.' ? chainOf(node)?.slice(0, -1) : undefined);
    return `unknown field ${field}${hint(field, known, 'known')}`;
  }
  return say.replace(/^found no matching overload for '(.*)'$/, 'no such function: $1');
};

const toCelError = (error: unknown, response: boolean, offset?: number): CelError => {
  if (error instanceof CelError) return error;
  const from = error as PackageError;
  return new CelError(explain(from, response), offset ?? from.range?.start ?? 0, { cause: error });
};

const check = (program: ParseResult, response: boolean, offset?: number): string => {
  const { valid, type, error } = program.check();
  if (!valid) throw toCelError(error, response, offset);
  return type ?? 'dyn';
};

/** What the type checker lets pass and we do not: hidden names, and unknown fields inside `has()`. */
const checkNode = (node: ASTNode, environment: Environment, response: boolean): void => {
  const refused = toLinearMatches(node);
  if (refused !== undefined) throw new CelError(refused.problem, refused.offset);

  const names = knownNames(response);
  if (node.op === 'rcall' && MACROS.has(node.args[0])) {
    const [variable] = node.args[2];
    if (variable?.op === 'id' && names.includes(variable.args))
      throw new CelError(`${variable.args} is taken: name the variable of ${node.args[0]} otherwise`, variable.start);
  }
  if (node.op === 'call' && node.args[0] === 'has') {
    const [field] = node.args[1];
    const [root] = field === undefined ? [] : (chainOf(field) ?? []);
    if (field !== undefined && root !== undefined && names.includes(root))
      check(environment.parse(serialize(field)), response, field.start);
  }
};

const parse = (source: string, environment: Environment, response: boolean): ParseResult => {
  if (source.length > MAX_LENGTH) throw new CelError(`an expression may have ${MAX_LENGTH} characters`, MAX_LENGTH);
  try {
    return environment.parse(source);
  } catch (error) {
    throw toCelError(error, response);
  }
};

/**
 * Reads and checks one expression.
 *
 * Errors: `CelError` for bad syntax, an unknown variable, field or function, a `bool` that is none, a pattern of `matches`
 *         that is not a literal or not RE2, and anything too long or too deep.
 */
export const compileCel = (source: string, { result, response = false }: CelOptions): CelProgram => {
  const environment = environmentFor(response);
  const program = parse(source, environment, response);
  for (const node of walk(program.ast)) checkNode(node, environment, response);
  const type = check(program, response);
  if (result === 'bool' && type !== 'bool' && !type.startsWith('dyn'))
    throw new CelError(`must be true or false, and is ${type}`, 0);

  return {
    source,
    claims: claimsRead(program.ast),
    evaluate: (variables) => {
      const value: unknown = program(bindVariables(variables));
      if (result === 'bool' && typeof value !== 'boolean') throw new CelError('is neither true nor false', 0);
      return value;
    },
  };
};
