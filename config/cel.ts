import { type ASTNode, type Environment, type ParseResult, serialize } from '@marcbachmann/cel-js';
import { claimsRead } from './cel-claims.ts';
import { declareLinearMatches, LINEAR_MATCHES, toLinearMatches } from './cel-matches.ts';
import { chainOf, walk } from './cel-nodes.ts';
import { compileOutcomes, type Outcomes, type Part, reads, type Unknown } from './cel-outcomes.ts';
import {
  bindHealthVariables,
  bindVariables,
  type CelVariables,
  declareVariables,
  type HealthVariables,
  knownNames,
  type Scope,
} from './cel-variables.ts';
import { hint } from './nearest.ts';

export type { CelVariables, HealthVariables } from './cel-variables.ts';

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

export interface CelProgram<Variables = CelVariables> {
  readonly source: string;
  /** Claims the expression reads, sorted; `*` if it reads one by a name known only at run time. */
  readonly claims: readonly string[];
  /**
   * The expression's value. Whole numbers are bigint, other numbers are number.
   *
   * Errors: anything that fails at run time throws (a claim that is not there, types that do not meet, a `bool` program
   *         whose value is not a boolean). The message may repeat names from the call: keep it out of answers.
   */
  evaluate(variables: Variables): unknown;
  /** Which of true, false and failing a `bool` program may come to while some of what it reads is unknown. Never throws. */
  outcomes(variables: Variables, unknown: Unknown): Outcomes;
  /** Whether it reads that: if not, it comes to the same whatever that is. */
  reads(part: Part): boolean;
}

export interface CelOptions {
  readonly result: 'bool' | 'any';
}

const MAX_LENGTH = 4_096;

const environments = new Map<Scope, Environment>();

const environmentFor = (scope: Scope): Environment => {
  const known = environments.get(scope);
  if (known !== undefined) return known;
  const made = declareLinearMatches(declareVariables(scope));
  environments.set(scope, made);
  return made;
};

const MACROS = new Set(['all', 'exists', 'exists_one', 'map', 'filter', 'bind']);

interface PackageError {
  readonly summary?: string;
  readonly message?: string;
  readonly range?: { readonly start: number };
  readonly node?: ASTNode;
}

const explain = ({ summary, message, node }: PackageError, scope: Scope): string => {
  const say = (summary ?? message ?? 'cannot be read').replaceAll(LINEAR_MATCHES, 'matches');
  const [, variable] = /^Unknown variable: (.*)$/.exec(say) ?? [];
  if (variable !== undefined) return `unknown variable ${variable}${hint(variable, knownNames(scope), 'known')}`;
  const [, field] = /^No such key: (.*)$/.exec(say) ?? [];
  if (field !== undefined) {
    const known = knownNames(scope, node?.op === '.' ? chainOf(node)?.slice(0, -1) : undefined);
    return `unknown field ${field}${hint(field, known, 'known')}`;
  }
  return say.replace(/^found no matching overload for '(.*)'$/, 'no such function: $1');
};

const toCelError = (error: unknown, scope: Scope, offset?: number): CelError => {
  if (error instanceof CelError) return error;
  const from = error as PackageError;
  return new CelError(explain(from, scope), offset ?? from.range?.start ?? 0, { cause: error });
};

const check = (program: ParseResult, scope: Scope, offset?: number): string => {
  const { valid, type, error } = program.check();
  if (!valid) throw toCelError(error, scope, offset);
  return type ?? 'dyn';
};

/** What the type checker lets pass and we do not: hidden names, and unknown fields inside `has()`. */
const checkNode = (node: ASTNode, environment: Environment, scope: Scope): void => {
  const refused = toLinearMatches(node);
  if (refused !== undefined) throw new CelError(refused.problem, refused.offset);

  const names = knownNames(scope);
  if (node.op === 'rcall' && MACROS.has(node.args[0])) {
    const [variable] = node.args[2];
    if (variable?.op === 'id' && names.includes(variable.args))
      throw new CelError(`${variable.args} is taken: name the variable of ${node.args[0]} otherwise`, variable.start);
  }
  if (node.op === 'call' && node.args[0] === 'has') {
    const [field] = node.args[1];
    const [root] = field === undefined ? [] : (chainOf(field) ?? []);
    if (field !== undefined && root !== undefined && names.includes(root))
      check(environment.parse(serialize(field)), scope, field.start);
  }
};

const parse = (source: string, environment: Environment, scope: Scope): ParseResult => {
  if (source.length > MAX_LENGTH) throw new CelError(`an expression may have ${MAX_LENGTH} characters`, MAX_LENGTH);
  try {
    return environment.parse(source);
  } catch (error) {
    throw toCelError(error, scope);
  }
};

const compile = <Variables>(
  source: string,
  result: 'bool' | 'any',
  scope: Scope,
  bind: (variables: Variables) => Record<string, unknown>,
): CelProgram<Variables> => {
  const environment = environmentFor(scope);
  const program = parse(source, environment, scope);
  for (const node of walk(program.ast)) checkNode(node, environment, scope);
  const type = check(program, scope);
  if (result === 'bool' && type !== 'bool' && !type.startsWith('dyn'))
    throw new CelError(`must be true or false, and is ${type}`, 0);

  const partly = new Map<Unknown, (bound: Record<string, unknown>) => Outcomes>();
  const outcomesWithout = (unknown: Unknown) => {
    const known = partly.get(unknown);
    if (known !== undefined) return known;
    const made = compileOutcomes(program.ast, unknown, (node): ((bound: Record<string, unknown>) => unknown) =>
      node === program.ast ? program : environment.parse(serialize(node)),
    );
    partly.set(unknown, made);
    return made;
  };

  return {
    source,
    claims: claimsRead(program.ast),
    outcomes: (variables, unknown) => outcomesWithout(unknown)(bind(variables)),
    reads: (part) => reads(program.ast, part),
    evaluate: (variables) => {
      const value: unknown = program(bind(variables));
      if (result === 'bool' && typeof value !== 'boolean') throw new CelError('is neither true nor false', 0);
      return value;
    },
  };
};

/**
 * Reads and checks one expression over a call.
 *
 * Errors: `CelError` for bad syntax, an unknown variable, field or function, a `bool` that is none, a pattern of `matches`
 *         that is not a literal or not RE2, and anything too long or too deep.
 */
export const compileCel = (source: string, { result }: CelOptions): CelProgram =>
  compile(source, result, 'call', bindVariables);

/** The same over a provider's answer: true or false. */
export const compileHealthCel = (source: string): CelProgram<HealthVariables> =>
  compile(source, 'bool', 'health', bindHealthVariables);
