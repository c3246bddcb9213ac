import type { CompiledLlmProvider, ModelTarget } from '../../config/compiled.ts';
import type { LlmCall, ServedBy } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';
import { askInOrder } from './ask-in-order.ts';
import { Patience } from './patience.ts';
import type { Json } from './provider.ts';
import { TOKEN_COUNTERS } from './token-counters.ts';
import { readAnswer, sendWithCredential, type UpstreamPorts } from './upstream.ts';

/** Nobody waits longer for a number, in milliseconds. */
const PATIENCE_MS = 10_000;

export interface Counted extends ServedBy {
  /** The provider's own answer, `input_tokens` in it; absent where it has no way of counting. */
  readonly body?: Json;
}

/** The first target that would answer says how many tokens a prompt has. Errors: as for a call. */
export const countUpstreamTokens = (
  call: LlmCall,
  targets: readonly ModelTarget[],
  providers: Readonly<Record<string, CompiledLlmProvider>>,
  ports: UpstreamPorts,
): Promise<Counted> =>
  askInOrder(call, targets, providers, ports, async ({ target, config, provider, answered }) => {
    const counter = TOKEN_COUNTERS[config.kind];
    if (counter === undefined) return target;
    const attempt = new Patience(call.signal, Math.min(config.timeouts.firstByteMs, PATIENCE_MS));
    try {
      const request = counter.toRequest(call, target.model);
      const answer = await sendWithCredential(provider, request, config, ports, attempt.signal);
      const body = await readAnswer(answer, provider);
      if (typeof body.input_tokens !== 'number') throw new Refusal('upstream_failed', { reason: 'no count' });
      answered({ outcome: 'ok', status: answer.status });
      return { ...target, body };
    } finally {
      attempt.done();
    }
  });
