import type { Finding } from './problem.ts';
import { showPath } from './problem.ts';
import { select } from './select.ts';

/**
 * Keys that the schema has and nothing serves yet. They are refused, so that no line of a policy is silently without effect.
 * Whoever builds one removes its line. `=` means: only with one of these values.
 */
const NOT_YET: readonly string[] = [
  'identity.providers.*.provision',
  'defaults.budgets',
  'defaults.guardrails',
  'defaults.rateLimits.*.tokens',
  'guardrails',
  'llm.routes.*.budgets',
  'llm.routes.*.guardrails',
  'llm.routes.*.rateLimits.*.tokens',
  'mcp.routes.*.budgets',
  'mcp.routes.*.guardrails',
  'mcp.routes.*.rateLimits.*.tokens',
  'agents.*.budgets',
  'agents.*.guardrails',
  'agents.*.rateLimits.*.tokens',
  'decisions',
  'telemetry.capture',
  'telemetry.export',
  'telemetry.labels',
  'deployment.compute',
  'deployment.domain',
  'deployment.waf',
  'deployment.alarms',
];

/** Every key of a policy that is not built yet: `not available yet: guardrails`. */
export const notAvailable = (config: unknown): readonly Finding[] =>
  NOT_YET.flatMap((line) => {
    const [place = '', values] = line.split('=');
    const only = values?.split('|');
    return select(config, place)
      .filter(({ value }) => only === undefined || only.includes(String(value)))
      .map(({ path, value }) => ({
        path,
        at: 'key' as const,
        message: `not available yet: ${showPath(path)}${only === undefined ? '' : ` ${String(value)}`}`,
      }));
  });
