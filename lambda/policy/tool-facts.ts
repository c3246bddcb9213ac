import { type CelProgram, compileCel } from '../../config/cel.ts';
import type { CompiledMcp, CompiledMcpRoute } from '../../config/compiled-mcp.ts';
import type { CatalogTool } from '../core/mcp.ts';
import { createToolMemory } from '../core/tool-memory.ts';
import { programsOf } from './authorize.ts';
import { createDeniedBy } from './denied-tools.ts';
import { compileGlob } from './glob.ts';

/** A rule of `tools.allow` as it runs. */
export interface AllowRule {
  readonly label: string;
  readonly scope: string | undefined;
  readonly covers: (name: string) => boolean;
  readonly when: CelProgram | undefined;
  readonly sameFor: SameFor;
}

/** For what one answer of expressions holds: all that a caller asks about, the tools of one server, or one tool. */
export type SameFor = 'caller' | 'server' | 'tool';

export const sameFor = (programs: readonly CelProgram[]): SameFor => {
  if (programs.some((program) => program.reads('details'))) return 'tool';
  return programs.some((program) => program.reads('subject')) ? 'server' : 'caller';
};

/** What is true of a tool whoever asks. */
export interface ToolFacts {
  readonly tool: CatalogTool;
  readonly deniedBy: string | undefined;
  readonly terms: Terms;
}

/** What it takes to call a tool. Most tools of a server have the same: one object, and one decision about all of them. */
export interface Terms {
  /** Those of `tools.allow` that cover the tool; `undefined`: the route has no such rules. */
  readonly rules: readonly AllowRule[] | undefined;
  /** Scopes that the tool's own description asks for. */
  readonly scopes: readonly string[];
  /** Some rule reads what only one tool has: each tool is decided about. */
  readonly areOfEach: boolean;
}

export interface KnownFacts {
  of(tool: CatalogTool): ToolFacts;
  /** Of each, in their order: many at once take less time than one by one. */
  all(tools: readonly CatalogTool[]): readonly ToolFacts[];
}

/** A list of 2,000 tools is decided about for each caller: what is the same for all of them is found out once. */
export const createToolFacts = (
  { authorization, tools: { deny, allow } }: CompiledMcpRoute,
  servers: CompiledMcp['servers'],
): KnownFacts => {
  const deniedBy = createDeniedBy(deny);
  const rules = allow?.map(({ scope, tools, when }, index): AllowRule => {
    const globs = tools?.map((pattern) => compileGlob(pattern));
    const program = when === undefined ? undefined : compileCel(when, { result: 'bool' });
    return {
      label: `tools.allow[${index}]`,
      scope,
      covers: (name) => globs === undefined || globs.some((glob) => glob.matches(name)),
      when: program,
      sameFor: sameFor(program === undefined ? [] : [program]),
    };
  });
  const scopesOf = createScopesOf(servers);
  const authorizing = programsOf(authorization);

  const makeTerms = (covering: readonly AllowRule[] | undefined, scopes: readonly string[]): Terms => ({
    rules: covering,
    scopes,
    areOfEach: sameFor([...authorizing, ...(covering ?? []).flatMap(({ when }) => when ?? [])]) === 'tool',
  });

  /** Tools of one server that the same rules cover have the same terms. */
  const createTermsOf = () => {
    const root: Covered = {};
    return (tool: CatalogTool): Terms => {
      let covered = root;
      for (const { covers } of rules ?? []) covered = follow(covered, covers(tool.name) ? 'yes' : 'no');
      const scopes = scopesOf(tool);
      const covering = (): readonly AllowRule[] | undefined => rules?.filter(({ covers }) => covers(tool.name));
      if (covered.terms?.scopes !== scopes) covered.terms = makeTerms(covering(), scopes);
      return covered.terms;
    };
  };

  const known = createToolMemory<ToolFacts>();
  const knownOf = (tool: CatalogTool): ToolFacts | undefined => {
    const kept = known.get(tool);
    return kept !== undefined && isSame(kept.tool, tool) ? kept : undefined;
  };

  /** Makes the facts of tools of one server. */
  const createMake = (tools: readonly CatalogTool[]) => {
    const denied = deniedBy(tools);
    const termsOf = createTermsOf();
    return (tool: CatalogTool): ToolFacts => {
      const facts = { tool, deniedBy: denied.get(tool), terms: termsOf(tool) };
      known.set(tool, facts);
      return facts;
    };
  };
  const of = (tool: CatalogTool): ToolFacts => knownOf(tool) ?? createMake([tool])(tool);

  return {
    of,
    all(tools) {
      const unknown = tools.filter((tool) => knownOf(tool) === undefined);
      for (const some of Map.groupBy(unknown, ({ target }) => target).values()) some.forEach(createMake(some));
      return tools.map(of);
    },
  };
};

/** A tree of the rules, with a step for each that covers a tool or does not. */
interface Covered {
  yes?: Covered;
  no?: Covered;
  terms?: Terms;
}

const follow = (covered: Covered, step: 'yes' | 'no'): Covered => {
  const next = covered[step] ?? {};
  covered[step] = next;
  return next;
};

const isSame = (one: CatalogTool, other: CatalogTool): boolean =>
  one.target === other.target && one.name === other.name && one.exposedName === other.exposedName;

const createScopesOf = (servers: CompiledMcp['servers']): ((tool: CatalogTool) => readonly string[]) => {
  const byServer = new Map(
    Object.values(servers).map((server) => [
      server.name,
      new Map(server.type === 'openapi' ? server.tools.map((tool) => [tool.definition.name, tool.scopes]) : []),
    ]),
  );
  return ({ target, name }) => byServer.get(target)?.get(name) ?? NONE;
};

const NONE: readonly string[] = [];
