import { context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { Agent, configureLogging, type McpClient } from '@strands-agents/sdk';
import { AgentError, type AgentErrorCode } from './agent-error.ts';
import type { Caller } from './caller.ts';
import { connectModel, connectTools } from './connect.ts';
import type { AgentSettings } from './settings.ts';
import { systemPrompt } from './system-prompt.ts';
import { withModelSpan } from './tracing/model-span.ts';

export interface Invocation {
  readonly prompt: string;
  readonly caller: Caller;
  /** W3C Trace Context, for models and tools. */
  readonly trace: Readonly<Record<string, string>>;
  /** The caller left. */
  readonly signal: AbortSignal;
}

// The library's log quotes what servers said, and a server may have said a token.
const silent = (): void => {};
configureLogging({ debug: silent, info: silent, warn: silent, error: silent });

/**
 * Lets the model work until it has an answer: its words as they come, at the end the whole answer.
 *
 * Clients of models and tools are made for this one invocation and closed with it. They hold the caller's token, so nothing of
 * one invocation can ever be used in another.
 *
 * Errors: `AgentError`.
 */
export async function* invoke(
  settings: AgentSettings,
  { prompt, caller, trace, signal }: Invocation,
): AsyncGenerator<string, string> {
  const token = caller.openToken();
  if (token === undefined) throw new AgentError('no_token');
  const timeLimit = AbortSignal.timeout(settings.timeLimitMs);
  const cancelSignal = AbortSignal.any([signal, timeLimit]);
  const tools: McpClient[] = settings.mcpUrl === undefined ? [] : [connectTools(settings.mcpUrl, token, trace)];
  const agent = new Agent({
    name: settings.name,
    model: connectModel(settings, token, trace),
    tools,
    systemPrompt: systemPrompt(settings, caller),
    printer: false,
    sandbox: false,
    // The gateway behind both addresses tries again where that makes sense.
    retryStrategy: null,
  });
  // Where the deployment registers a tracer, the library's spans continue the trace of the caller.
  const parent = withModelSpan(propagation.extract(ROOT_CONTEXT, trace));
  const events = agent.stream(prompt, { limits: { turns: settings.maxTurns }, cancelSignal });
  try {
    await before(
      cancelSignal,
      context.with(parent, () => agent.initialize()),
    );
    for (;;) {
      const { done, value } = await context.with(parent, () => events.next());
      if (done) return answerOf(value);
      if (value.type !== 'modelStreamUpdateEvent' || value.event.type !== 'modelContentBlockDeltaEvent') continue;
      if (value.event.delta.type === 'textDelta') yield value.event.delta.text;
    }
  } catch (thrown) {
    throw timeLimit.aborted ? new AgentError('time_limit') : toAgentError(thrown);
  } finally {
    // Where the caller left between two words, it still stands there with open spans. What ended is only told so once more.
    await context.with(parent, () => events.throw(new AgentError('time_limit'))).catch(() => {});
    await Promise.allSettled(tools.map((one) => one.disconnect()));
  }
}

/** Waits for the tools, but no longer than the caller and the time limit allow. */
const before = (signal: AbortSignal, connected: Promise<void>): Promise<void> =>
  new Promise((resolve, reject) => {
    const fail = (): void => reject(new AgentError('tools_failed'));
    if (signal.aborted) return fail();
    signal.addEventListener('abort', fail, { once: true });
    connected.then(resolve, fail);
  });

const STOPPED: ReadonlyMap<string, AgentErrorCode> = new Map([
  ['limitTurns', 'turn_limit'],
  ['cancelled', 'time_limit'],
  ['maxTokens', 'cut_short'],
  ['modelContextWindowExceeded', 'cut_short'],
  ['toolUse', 'cut_short'],
]);

interface Ended {
  readonly stopReason: string;
  readonly lastMessage: { readonly content: readonly { readonly type: string }[] };
}

/** An answer that is not whole is an error, never a shorter answer. */
const answerOf = ({ stopReason, lastMessage }: Ended): string => {
  const stopped = STOPPED.get(stopReason);
  if (stopped !== undefined) throw new AgentError(stopped);
  return lastMessage.content
    .flatMap((block) => (block.type === 'textBlock' && 'text' in block ? [String(block.text)] : []))
    .join('');
};

const BY_STATUS: ReadonlyMap<unknown, AgentErrorCode> = new Map([
  [401, 'not_allowed'],
  [403, 'not_allowed'],
  [404, 'not_allowed'],
  [429, 'rate_limited'],
]);

/** What libraries throw is not passed on, and not logged: it may quote the answer of a server, or a header. */
const toAgentError = (thrown: unknown): AgentError => {
  if (thrown instanceof AgentError) return thrown;
  const { status, name, cause } = thrown as { status?: unknown; name?: unknown; cause?: { status?: unknown } };
  if (name === 'MaxTokensError' || name === 'ContextWindowOverflowError') return new AgentError('cut_short');
  return new AgentError(BY_STATUS.get(status ?? cause?.status) ?? 'model_failed');
};
