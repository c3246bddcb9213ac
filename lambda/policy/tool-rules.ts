import type { CelVariables } from '../../config/cel.ts';
import type { CompiledMcp, CompiledMcpRoute } from '../../config/compiled-mcp.ts';
import type { Call, Decision } from '../core/call.ts';
import type { CatalogTool, McpCall } from '../core/mcp.ts';
import { plainNumbers } from '../core/plain-numbers.ts';
import { createDecide, matches, programsOf } from './authorize.ts';
import { createScopeHierarchy, type ScopeHierarchy } from './scope-hierarchy.ts';
import { annotationsOf } from './tool-annotations.ts';
import { type AllowRule, createToolFacts, type SameFor, sameFor, type Terms, type ToolFacts } from './tool-facts.ts';
import { variablesOf } from './variables.ts';

/** As much of a request as decides. */
export type McpCallLike = Call & Pick<McpCall, 'method' | 'arguments'>;

/** `rule` says what decided, for the record: a caller who learns it would learn that the tool exists. */
export type ToolDecision =
  | { readonly result: 'allow'; readonly rule: string }
  | { readonly result: 'deny'; readonly rule: string }
  /** With these scopes as well, all of them, the same call would be allowed; none of them is held. */
  | { readonly result: 'scope-missing'; readonly scopes: readonly string[]; readonly rule: string };

/** Who asks comes first: much of what they are answered is the same for many tools. */
export type DecideTool = (call: McpCallLike) => ToolDecisions;

export interface ToolDecisions {
  of(tool: CatalogTool): ToolDecision;
  /** About each, in their order: many at once take less time than one by one. */
  all(tools: readonly CatalogTool[]): readonly ToolDecision[];
}

/** What is asked about a tool is always whether it may be called: rules that name another method are not about tools. */
const CALL = 'tools/call';

/**
 * Whether a caller may call a tool: one decision, for lists and for calls (G11).
 *
 * 1. A pattern of `tools.deny` denies, whatever the scopes.
 * 2. The route's authorization has to allow the call; its expressions see the tool.
 * 3. The scopes that an OpenAPI document asks for have to be held.
 * 4. If there are `tools.allow` rules, one has to match: its scope is held, its patterns have the tool's own name, exactly, and
 *    its `when` is true.
 *
 * Shape:  any method but `tools/call` asks whether the tool is to be listed. Arguments are not known then: a tool is listed
 *         when there may be arguments with which it may be called, so an allow counts if it could match and a deny only if it
 *         must. A call without arguments has none, which is something else.
 */
export const createToolDecision = (route: CompiledMcpRoute, servers: CompiledMcp['servers']): DecideTool => {
  const hierarchy = createScopeHierarchy(route.scopeHierarchy);
  const facts = createToolFacts(route, servers);
  const authorize = createAuthorize(route);

  const evaluate = (call: McpCallLike, asker: Asker, tool: CatalogTool, { scopes, rules }: Terms): ToolDecision => {
    const isCall = call.method === CALL;
    const unknown = isCall ? undefined : 'arguments';
    const { target, name, definition } = tool;
    const variables = once((): CelVariables => {
      const args = isCall ? plainNumbers(call.arguments ?? {}) : null;
      const annotations = annotationsOf(definition, isTrusted(servers, target));
      const about = { target, name, arguments: args, annotations };
      return { ...asker.variables, mcp: { method: CALL, tool: about, resource: '', prompt: '' } };
    });

    const authorized = authorize(asker, target, variables, unknown);
    if (authorized.result !== 'allow') return { result: 'deny', rule: `authorization: ${authorized.rule ?? ''}` };
    if (!scopes.every((scope) => asker.held.has(scope))) return { result: 'deny', rule: 'scopes of the tool' };
    if (rules === undefined) return { result: 'allow', rule: 'no tools.allow' };
    const holds = ({ when, sameFor }: AllowRule): boolean =>
      when === undefined || asker.recall(when, sameFor, target, () => matches(when, variables(), false, unknown));
    const rule = rules.find((one) => (one.scope === undefined || asker.held.has(one.scope)) && holds(one));
    return rule === undefined
      ? { result: 'deny', rule: 'no rule of tools.allow' }
      : { result: 'allow', rule: rule.label };
  };

  /** The sets of scopes that may help: the smallest first, then those that give least. */
  const missingSets = ({ scopes, rules }: Terms, { held }: Asker): readonly (readonly string[])[] => {
    const choices = rules === undefined ? [[]] : rules.map(({ scope }) => (scope === undefined ? [] : [scope]));
    const sets = choices.map((choice) => hierarchy.reduced([...scopes, ...choice].filter((scope) => !held.has(scope))));
    const reach = (set: readonly string[]): number => set.reduce((sum, scope) => sum + hierarchy.reach(scope), 0);
    return sets.filter(({ length }) => length > 0).sort((a, b) => a.length - b.length || reach(a) - reach(b));
  };

  const decide = (call: McpCallLike, asker: Asker, tool: CatalogTool, terms: Terms): ToolDecision => {
    const decision = evaluate(call, asker, tool, terms);
    if (decision.result === 'allow') return decision;
    // Tried, not guessed: no caller is sent for a scope that does not help.
    for (const scopes of missingSets(terms, asker)) {
      const { rule, result } = evaluate(call, asker.with(scopes), tool, terms);
      if (result === 'allow') return { result: 'scope-missing', scopes, rule };
    }
    return decision;
  };

  return (call) => {
    const asker = createAsker(call, hierarchy);
    const decided = new Map<Terms, ToolDecision>();
    const decideBy = ({ tool, deniedBy, terms }: ToolFacts): ToolDecision => {
      if (deniedBy !== undefined) return { result: 'deny', rule: `tools.deny: ${deniedBy}` };
      const known = decided.get(terms);
      if (known !== undefined) return known;
      const decision = decide(call, asker, tool, terms);
      if (!terms.areOfEach) decided.set(terms, decision);
      return decision;
    };
    return { of: (tool) => decideBy(facts.of(tool)), all: (tools) => facts.all(tools).map(decideBy) };
  };
};

/** Who asks, whatever tool it is about. Lives as long as the call. */
interface Asker {
  readonly variables: CelVariables;
  readonly held: ReadonlySet<string>;
  /** The same caller with more scopes. */
  with(scopes: readonly string[]): Asker;
  /** What `find` finds of a tool of `target`, found out once for all that it holds for. `about`: what is asked. */
  recall<Found extends {}>(about: object, holds: SameFor, target: string, find: () => Found): Found;
}

const createAsker = (call: Call, hierarchy: ScopeHierarchy): Asker => {
  const widened = new Map<string, Asker>();
  const recalled = new Map<object, Map<string, unknown>>();
  return {
    variables: variablesOf(call, {}),
    held: hierarchy.held(call.principal.scopes),
    with: (scopes) => {
      const key = scopes.join(' ');
      const principal = { ...call.principal, scopes: [...call.principal.scopes, ...scopes] };
      const asker = widened.get(key) ?? createAsker({ ...call, principal }, hierarchy);
      widened.set(key, asker);
      return asker;
    },
    recall: <Found extends {}>(about: object, holds: SameFor, target: string, find: () => Found): Found => {
      if (holds === 'tool') return find();
      const key = holds === 'caller' ? '' : target;
      const known = recalled.get(about)?.get(key);
      if (known !== undefined) return known as Found;
      const found = find();
      recalled.set(about, (recalled.get(about) ?? new Map()).set(key, found));
      return found;
    },
  };
};

const createAuthorize = ({ authorization }: CompiledMcpRoute) => {
  const decide = createDecide(authorization);
  const holds = sameFor(programsOf(authorization));
  return (asker: Asker, target: string, variables: () => CelVariables, unknown: 'arguments' | undefined): Decision =>
    asker.recall(decide, holds, target, () => decide(variables(), unknown));
};

const isTrusted = (servers: CompiledMcp['servers'], target: string): boolean =>
  Object.hasOwn(servers, target) && servers[target]?.trusted === true;

const once = <Value>(make: () => Value): (() => Value) => {
  let made: Value | undefined;
  return () => {
    made ??= make();
    return made;
  };
};
