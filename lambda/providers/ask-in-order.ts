import type { CompiledLlmProvider, ModelTarget } from '../../config/compiled.ts';
import type { Attempt, Call } from '../core/call.ts';
import { Refusal, toRefusal } from '../core/refusal.ts';
import type { Provider } from './provider.ts';
import { PROVIDERS } from './registry.ts';
import { STALE_CONNECTION } from './send.ts';
import type { UpstreamPorts } from './upstream.ts';
import { type HealthPorts, type Turn, TurnsByHealth } from './with-health.ts';

/** What is known when one target is asked. */
export interface Asking {
  readonly target: ModelTarget;
  readonly config: CompiledLlmProvider;
  readonly provider: Provider;
  /** Someone else could still be asked. */
  readonly othersLeft: boolean;
  /** The connection of the try before this one was stale: use one that nobody has used. */
  readonly freshConnection: boolean;
  /** Notes what came of it; called once, on success. */
  readonly answered: (attempt: Omit<Attempt, 'provider' | 'model' | 'ms'>) => void;
}

/** The target has no words for the request: the next one may have, and what the one before said still matters most. */
const PASSED_OVER: ReadonlySet<string> = new Set([
  'unsupported_parameter',
  'unsupported_content',
  'surface_not_served',
]);

/**
 * Asks the targets in order until one answers. A target is given up for the next only while nothing of it has reached the
 * caller, and only when its refusal says that another may do better. Every attempt is noted.
 *
 * A target whose kept connection was closed under the request is asked once more at once, whoever else is left: nothing came
 * of the first try, most likely nothing was seen of it, and another provider's answer may cost more. Both tries are noted.
 */
export const askInOrder = async <Answer>(
  call: Call,
  targets: readonly ModelTarget[],
  providers: Readonly<Record<string, CompiledLlmProvider>>,
  ports: UpstreamPorts & HealthPorts,
  ask: (asking: Asking) => Promise<Answer>,
): Promise<Answer> => {
  const health = new TurnsByHealth(call, targets, providers, ports);
  try {
    return await askEach(call, health.turns(), providers, ports, ask);
  } finally {
    await health.settled();
  }
};

const askEach = async <Answer>(
  call: Call,
  turns: AsyncIterator<Turn>,
  providers: Readonly<Record<string, CompiledLlmProvider>>,
  ports: UpstreamPorts,
  ask: (asking: Asking) => Promise<Answer>,
): Promise<Answer> => {
  let refusal: Refusal | undefined;
  let freshConnection = false;
  for (let next = await turns.next(); next.done !== true; next = freshConnection ? next : await turns.next()) {
    const { target, othersLeft, ...turn } = next.value;
    const started = ports.clock();
    const answered: Asking['answered'] = (attempt) => {
      call.facts.attempts.push({
        provider: target.provider,
        model: target.model,
        ms: ports.clock() - started,
        ...attempt,
      });
    };
    try {
      const { config, provider } = configured(target, providers);
      return await ask({
        target,
        config: turn.settings(config),
        provider: turn.heard(provider),
        othersLeft,
        freshConnection,
        answered: (attempt) => {
          answered(attempt);
          turn.answered(attempt.status);
        },
      });
    } catch (thrown) {
      const said = toRefusal(thrown);
      answered({
        outcome: said.code,
        ...(typeof said.detail.status === 'number' ? { status: said.detail.status } : {}),
      });
      const passedOver = PASSED_OVER.has(said.code);
      refusal = passedOver ? (refusal ?? said) : said;
      const again: boolean = said.detail.reason === STALE_CONNECTION && !freshConnection;
      if (!again) turn.failed(said);
      if (call.signal.aborted || !(passedOver || said.spec.failover === true)) throw said;
      freshConnection = again;
    }
  }
  throw refusal ?? new Refusal('model_not_found', {}, { param: 'model' });
};

const configured = (
  target: ModelTarget,
  providers: Readonly<Record<string, CompiledLlmProvider>>,
): { config: CompiledLlmProvider; provider: Provider } => {
  const config = providers[target.provider];
  const provider = config === undefined ? undefined : PROVIDERS[config.kind];
  if (config === undefined || provider === undefined) {
    throw new Refusal('internal', { reason: 'no such provider', provider: target.provider });
  }
  return { config, provider };
};
