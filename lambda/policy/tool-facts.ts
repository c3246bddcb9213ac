import { type CelProgram, type CelVariables, compileCel } from '../../config/cel.ts';
import type { CompiledMcp, CompiledMcpRoute } from '../../config/compiled-mcp.ts';
import type { CatalogTool, Raw } from '../core/mcp.ts';
import { createDeniedBy } from './denied-tools.ts';
import { compileGlob } from './glob.ts';
import { annotationsOf } from './tool-annotations.ts';

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
  /** Absent: the route has no such rules. */
  readonly rules: readonly AllowRule[] | undefined;
  /** Scopes that the tool's own description asks for. */
  readonly scopes: readonly string[];
  readonly variables: CelVariables['mcp']['tool'];
}

/** A list of 2,000 tools is decided about for each caller: what is the same for all of them is found out once. */
export const createToolFacts = (
  { tools: { deny, allow } }: CompiledMcpRoute,
  servers: CompiledMcp['servers'],
): ((tool: CatalogTool) => ToolFacts) => {
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

  const make = (tool: CatalogTool): ToolFacts => ({
    tool,
    deniedBy: deniedBy(tool),
    rules: rules?.filter(({ covers }) => covers(tool.name)),
    scopes: scopesOf(tool),
    variables: {
      target: tool.target,
      name: tool.name,
      arguments: null,
      annotations: annotationsOf(tool.definition, isTrusted(servers, tool.target)),
    },
  });

  // Kept by definition, which outlives the objects around it.
  const known = new WeakMap<Raw, ToolFacts>();
  return (tool) => {
    const kept = known.get(tool.definition);
    if (kept !== undefined && isSame(kept.tool, tool)) return kept;
    const made = make(tool);
    known.set(tool.definition, made);
    return made;
  };
};

const isSame = (one: CatalogTool, other: CatalogTool): boolean =>
  one.target === other.target && one.name === other.name && one.exposedName === other.exposedName;

const isTrusted = (servers: CompiledMcp['servers'], target: string): boolean =>
  Object.hasOwn(servers, target) && servers[target]?.trusted === true;

const createScopesOf = (servers: CompiledMcp['servers']): ((tool: CatalogTool) => readonly string[]) => {
  const byServer = new Map(
    Object.values(servers).map((server) => [
      server.name,
      new Map(server.type === 'openapi' ? server.tools.map((tool) => [tool.definition.name, tool.scopes]) : []),
    ]),
  );
  return ({ target, name }) => byServer.get(target)?.get(name) ?? [];
};
