import type { CompiledRateLimit } from '../../config/compiled.ts';
import type { CompiledMcp, CompiledMcpRoute } from '../../config/compiled-mcp.ts';
import type { Call } from '../core/call.ts';
import { Refusal, type RefusalCode } from '../core/refusal.ts';
import { prepareLimit, rateLimits } from '../policy/rate-limits.ts';
import type { McpRequest } from './mcp-request.ts';
import type { McpPorts } from './ports.ts';
import { mcpVariables } from './stages.ts';

interface CountedParts {
  readonly route: CompiledMcpRoute;
  readonly servers: CompiledMcp['servers'];
  readonly ports: Pick<McpPorts, 'counter' | 'clock'>;
}

/** A key that is of a tool, a resource or a prompt: where there is none, everybody would share the counter of nothing. */
const NAMES_ONE = /(?:^|[^.\w'"])tool\b|\bmcp\s*(?:\.\s*|\[\s*['"])(?:tool|resource|prompt)\b/;

const needsOne = ({ per }: CompiledRateLimit): boolean => per.some((source) => NAMES_ONE.test(source));

/**
 * Counts a request that reaches no tool, against the limits whose keys need none: a list, and a call of what is denied or not
 * there. Both are counted alike, so that what is left of a limit tells them apart no more than the answer does (G22).
 *
 * Errors: `Refusal('rate_limited')`, `Refusal('limits_unavailable')`, as for calls.
 */
export const createCountRequest = ({
  route,
  servers,
  ports,
}: CountedParts): ((request: McpRequest) => Promise<void>) => {
  const limits = route.rateLimits.filter((limit) => !needsOne(limit)).map(prepareLimit);
  const stage = rateLimits<Call & { readonly method: string }, void>(
    ports.counter,
    limits,
    route.limitsFailure,
    ports.clock,
    (call) => mcpVariables(servers, call, { method: call.method, target: '' }),
  );
  return ({ call, method }) => stage({ ...call, method }, async () => {});
};

const MISSES: ReadonlySet<RefusalCode> = new Set([
  'tool_not_found',
  'prompt_not_found',
  'resource_not_found',
  'ambiguous_name',
  'insufficient_scope',
]);

/** Whether a refusal tells of a name, rightly or not, that nobody is let to: whoever tries out names gets these. */
export const isMiss = (thrown: unknown): boolean =>
  thrown instanceof Refusal &&
  (MISSES.has(thrown.code) || thrown.detail.reason === 'unknown' || thrown.detail.reason === 'denied');
