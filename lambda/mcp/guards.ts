import type { Raw } from '../core/mcp.ts';
import type { Stage } from '../core/pipeline.ts';
import type { UpstreamCall } from './upstream-call.ts';

/**
 * Looks at what goes to a server, text and structure alike. Answers it, changed or not.
 *
 * Errors: `Refusal` to stop the call.
 */
export type GuardArguments = (call: UpstreamCall, sent: Raw) => Promise<Raw>;

/** The same for what comes back. The same data may stand in `content` and in `structuredContent`: both, or neither (G20). */
export type GuardResult = (call: UpstreamCall, result: Raw) => Promise<Raw>;

export const guardArguments =
  (guards: readonly GuardArguments[]): Stage<UpstreamCall, Raw> =>
  async (call, next) => {
    // A prompt without arguments and a resource stay without: their servers need not take an empty object.
    if (call.arguments === undefined) return next(call);
    let sent = call.arguments;
    for (const guard of guards) sent = await guard(call, sent);
    return next({ ...call, arguments: sent });
  };

/** The same for a completion: what was typed stands in `argument`, what was chosen before it in `context`. */
export const guardCompletion =
  (guards: readonly GuardArguments[]): Stage<UpstreamCall, Raw> =>
  async (call, next) => {
    const { argument, context, ...params } = call.params;
    let sent: Raw = { argument, ...(context === undefined ? {} : { context }) };
    for (const guard of guards) sent = await guard(call, sent);
    return next({ ...call, params: { ...params, ...sent } });
  };

export const guardResult =
  (guards: readonly GuardResult[]): Stage<UpstreamCall, Raw> =>
  async (call, next) => {
    let result = await next(call);
    for (const guard of guards) result = await guard(call, result);
    return result;
  };
