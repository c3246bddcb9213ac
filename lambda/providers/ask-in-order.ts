import type { CompiledLlmProvider, ModelTarget } from '../../config/compiled.ts';
import type { Attempt, Call } from '../core/call.ts';
import { Refusal, toRefusal } from '../core/refusal.ts';
import type { Provider } from './provider.ts';
import { PROVIDERS } from './registry.ts';
import type { UpstreamPorts } from './upstream.ts';

/** What is known when one target is asked. */
export interface Asking {
  readonly target: ModelTarget;
  readonly config: CompiledLlmProvider;
  readonly provider: Provider;
  /** Someone else could still be asked. */
  readonly othersLeft: boolean;
  /** Notes what came of it; called once, on success. */
  readonly answered: (attempt: Omit<Attempt, 'provider' | 'model' | 'ms'>) => void;
}

/**
 * Asks the targets in order until one answers. A target is given up for the next only while nothing of it has reached the
 * caller, and only when its refusal says that another may do better. Every attempt is noted.
 */
export const askInOrder = async <Answer>(
  call: Call,
  targets: readonly ModelTarget[],
  providers: Readonly<Record<string, CompiledLlmProvider>>,
  ports: UpstreamPorts,
  ask: (asking: Asking) => Promise<Answer>,
): Promise<Answer> => {
  let refusal = new Refusal('model_not_found', {}, { param: 'model' });
  for (const [index, target] of targets.entries()) {
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
      return await ask({ target, config, provider, othersLeft: index < targets.length - 1, answered });
    } catch (thrown) {
      refusal = toRefusal(thrown);
      answered({
        outcome: refusal.code,
        ...(typeof refusal.detail.status === 'number' ? { status: refusal.detail.status } : {}),
      });
      if (call.signal.aborted || refusal.spec.failover !== true) throw refusal;
    }
  }
  throw refusal;
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
