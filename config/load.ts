import { notAvailable } from './available.ts';
import { checkMcpFiles } from './check-mcp-files.ts';
import { checkMessages, readMessages } from './check-messages.ts';
import { checkPolicy } from './check-policy.ts';
import { checkTokenFiles } from './check-token-files.ts';
import { compilePolicy } from './compile.ts';
import type { Environment } from './interpolate.ts';
import { mcpWarnings } from './mcp-warnings.ts';
import { readTextBeside } from './message-file.ts';
import { readPolicyFiles } from './policy-files.ts';
import { omittedPrices } from './prices.ts';
import { ConfigError, type Finding, type Path, type Problem, showPath, toLine } from './problem.ts';
import { repair } from './repair.ts';
import { type GatewayConfig, gatewayConfigSchema } from './schema.ts';
import { schemaFindings, type Written } from './schema-findings.ts';
import { readYaml } from './yaml-source.ts';

export { ConfigError, type Problem } from './problem.ts';

export interface LoadOptions {
  /** What messages call the file: `gateway.yaml`. Files that it names are found beside it. */
  readonly file: string;
  /** Values for `${NAME}`: the environment over `.env`. */
  readonly env: Environment;
  /** `ignore`: for whoever writes them, so that a broken one can be replaced. Nothing is approved then. */
  readonly lockfiles?: 'read' | 'ignore';
}

export interface LoadedConfig {
  readonly config: GatewayConfig;
  /** What is allowed and probably not meant, one line each, in the form of a problem. */
  readonly warnings: readonly string[];
}

const inOrder = (problems: readonly Problem[]): Problem[] =>
  [...problems].sort((a, b) => a.line - b.line || a.column - b.column);

/** One complaint a place: the first, since a value of the wrong kind also points nowhere and compiles to nothing. */
const firstEach = (findings: readonly Finding[]): readonly Finding[] => {
  const seen = new Set<string>();
  return findings.filter(({ path, at, message }) => {
    const place = JSON.stringify([path, message.startsWith('missing key') || at === 'key' ? message : at]);
    if (seen.has(place)) return false;
    seen.add(place);
    return true;
  });
};

/** Everything against a policy; what stands under a misspelt key is judged as if it were spelt right. */
const examine = (
  root: unknown,
  original: (path: Path) => Path,
  written: Written,
  filesIn: (root: unknown) => readonly Finding[],
): readonly Finding[] => {
  const back = (findings: readonly Finding[]) =>
    findings.map((finding) => ({ ...finding, path: original(finding.path) }));
  const schema = schemaFindings(root, (path) => written(original(path)));
  const repaired = repair(root, schema);
  if (repaired === undefined) return back([...schema, ...checkPolicy(root), ...filesIn(root), ...notAvailable(root)]);
  return [
    ...back(repaired.settled),
    ...examine(repaired.root, (path) => original(repaired.original(path)), written, filesIn),
  ];
};

const warningsOf = (config: GatewayConfig): readonly Finding[] => {
  const policy = compilePolicy(config);
  const { identity, llm, mcp, agents } = policy;
  const routes = [
    ...llm.routes.map((route) => ({ ...route, at: 'llm' })),
    ...mcp.routes.map((route) => ({ ...route, at: 'mcp' })),
    ...agents.map((agent) => ({ ...agent, at: 'agents' })),
  ];
  const guarded = routes.filter(({ auth }) => auth !== 'none');
  const closed = guarded.filter(
    ({ authorization: { allow, deny, require, ...rest } }) =>
      rest.default === 'deny' && [...allow, ...deny, ...require].length === 0,
  );
  const nobody = identity.providers.length === 0 && identity.apiKeys.length === 0;
  return [
    ...closed.map(
      ({ at, path }): Finding => ({
        path: at === 'agents' ? [at, path.slice(path.lastIndexOf('/') + 1)] : [at, 'routes', path],
        at: 'key',
        message: `the route ${path} has no authorization rules, so every call is refused: write some, or default: allow`,
      }),
    ),
    ...mcpWarnings(config, policy),
    ...omittedPrices(llm).map(
      ({ provider, models }): Finding => ({
        path: ['llm', 'providers', provider],
        at: 'key',
        message: `the price list of ${provider} is longer than what ships: ${models} models have no price; name the models under llm.models, or write prices`,
      }),
    ),
    ...(nobody && guarded.some(({ auth }) => auth === 'strict')
      ? [
          {
            path: [],
            at: 'key',
            message: 'no identity provider and no API key: nobody can call a strict route',
          } as const,
        ]
      : []),
  ];
};

/**
 * Reads a policy and checks all of it.
 *
 * Shape:  the policy as written, `${NAME}` replaced and the files that it names read in (from beside `file`), defaults not merged:
 *         `compilePolicy` does that.
 * Errors: `ConfigError` with every problem found; only YAML that can't be read hides the others.
 */
export const loadGatewayConfig = (text: string, { file, env, lockfiles = 'read' }: LoadOptions): LoadedConfig => {
  const source = readYaml(text, env);
  if ('problems' in source) throw new ConfigError(file, inOrder(source.problems));

  const read = readTextBeside(file);
  const findings = firstEach([
    ...source.findings,
    ...examine(
      source.value,
      (path) => path,
      (path) => source.interpolated.get(showPath(path)),
      (root) => [...checkMessages(root, read), ...checkMcpFiles(root, read, lockfiles), ...checkTokenFiles(root, read)],
    ),
  ]);
  if (findings.length > 0) throw new ConfigError(file, inOrder(findings.map(source.locate)));

  const written = readMessages(gatewayConfigSchema.parse(source.value), read);
  const config = readPolicyFiles(written, read, lockfiles);
  return { config, warnings: inOrder(warningsOf(config).map(source.locate)).map((problem) => toLine(file, problem)) };
};
