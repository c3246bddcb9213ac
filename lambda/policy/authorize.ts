import { type CelProgram, type CelVariables, compileCel } from '../../config/cel.ts';
import { FALSE, TRUE, type Unknown } from '../../config/cel-outcomes.ts';
import type { CompiledAuthorization } from '../../config/compiled.ts';
import type { Call, Decision } from '../core/call.ts';
import type { Stage } from '../core/pipeline.ts';
import { Refusal } from '../core/refusal.ts';

/**
 * Says whether the rules allow what the variables describe, and which rule decided. With something `unknown`: whether they
 * allow it for some value of that; a deny then holds only if it does for every value.
 */
export type Decide = (variables: CelVariables, unknown?: Unknown) => Decision;

const STAGE = 'authorization';

/** All expressions of the rules. */
export const programsOf = ({ allow, deny, require }: CompiledAuthorization): readonly CelProgram[] =>
  compile([...allow, ...deny, ...require]);

const compile = (sources: readonly string[]): readonly CelProgram[] =>
  sources.map((source) => compileCel(source, { result: 'bool' }));

/**
 * Any deny that matches denies; every require must match; then, if there are allow rules, one must match; no rules at all
 * mean the default in the file. An expression that fails does not match for allow and require, and does match for deny.
 */
export const createDecide = (rules: CompiledAuthorization): Decide => {
  const [allow, deny, require] = [compile(rules.allow), compile(rules.deny), compile(rules.require)];
  const none = allow.length + deny.length + require.length === 0;

  return (variables, unknown) => {
    const denying = deny.find((rule) => matches(rule, variables, true, unknown));
    if (denying !== undefined) return { stage: STAGE, result: 'deny', rule: `deny: ${denying.source}` };
    const missing = require.find((rule) => !matches(rule, variables, false, unknown));
    if (missing !== undefined) return { stage: STAGE, result: 'deny', rule: `require: ${missing.source}` };
    if (none) return { stage: STAGE, result: rules.default, rule: 'default' };
    if (allow.length === 0) return { stage: STAGE, result: 'allow', rule: 'no allow rules' };
    const allowing = allow.find((rule) => matches(rule, variables, false, unknown));
    if (allowing === undefined) return { stage: STAGE, result: 'deny', rule: 'no allow rule matches' };
    return { stage: STAGE, result: 'allow', rule: `allow: ${allowing.source}` };
  };
};

/** `whenItFails`: of a deny, which matches then. */
export const matches = (
  rule: CelProgram,
  variables: CelVariables,
  whenItFails: boolean,
  unknown: Unknown | undefined,
): boolean => {
  if (unknown !== undefined) {
    const outcomes = rule.outcomes(variables, unknown);
    return whenItFails ? !(outcomes & FALSE) : (outcomes & TRUE) !== 0;
  }
  try {
    return rule.evaluate(variables) === true;
  } catch {
    return whenItFails;
  }
};

/** Refuses a call that the route's rules do not allow. Which rule it was goes to the record, not to the caller. */
export const authorize =
  <C extends Call, Reply>(decide: Decide, variables: (call: C) => CelVariables): Stage<C, Reply> =>
  async (call, next) => {
    const decision = decide(variables(call));
    call.facts.decisions.push(decision);
    if (decision.result !== 'allow') throw new Refusal('not_allowed', { rule: decision.rule });
    return next(call);
  };
