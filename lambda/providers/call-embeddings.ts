import type { CompiledLlmProvider, ModelTarget } from '../../config/compiled.ts';
import type { EmbeddingsCall, ServedEmbeddings } from '../core/embeddings.ts';
import type { Handle } from '../core/pipeline.ts';
import { Refusal } from '../core/refusal.ts';
import { type Asking, askInOrder } from './ask-in-order.ts';
import { Patience } from './patience.ts';
import type { Json, UpstreamRequest } from './provider.ts';
import type { Send } from './send.ts';
import { readAnswer, sendWithCredential, type UpstreamPorts } from './upstream.ts';

/** Nobody waits longer for the first byte of vectors, in milliseconds. */
const PATIENCE_MS = 60_000;

/** Some models take one text a request: so many of them are asked for at once. */
const AT_ONCE = 8;

/**
 * The end of the pipeline for embeddings: the first target that answers. Only targets of the first one's model are asked
 * after it, for vectors of different models can't be compared: another's answer would spoil an index without a sound.
 */
export const callEmbeddings =
  (
    providers: Readonly<Record<string, CompiledLlmProvider>>,
    targets: readonly ModelTarget[],
    ports: UpstreamPorts,
  ): Handle<EmbeddingsCall, ServedEmbeddings> =>
  (call) => {
    const alike = targets.filter(({ model }) => model === targets[0]?.model);
    return askInOrder(call, alike, providers, ports, (asking) => askEmbeddings(call, asking, ports));
  };

const askEmbeddings = async (
  call: EmbeddingsCall,
  asking: Asking,
  shared: UpstreamPorts,
): Promise<ServedEmbeddings> => {
  const { target, config, provider, freshConnection, answered } = asking;
  const onFresh: Send = (request, limits, signal) => shared.send({ ...request, fresh: true }, limits, signal);
  const ports = freshConnection ? { ...shared, send: onFresh } : shared;
  if (provider.embeddings === undefined) throw new Refusal('surface_not_served', { provider: target.provider });
  const requests = provider.embeddings.toRequest(call, target.model, config);
  const attempt = new Patience(call.signal, Math.min(config.timeouts.firstByteMs, PATIENCE_MS));
  try {
    const bodies = await inOrder(requests, async (request) =>
      readAnswer(await sendWithCredential(provider, request, config, ports, attempt.signal), provider),
    );
    const reply = provider.embeddings.toReply(bodies, call);
    attempt.done();
    call.facts.dropped.push(...new Set(requests.flatMap(({ dropped }) => dropped)));
    answered({ outcome: 'ok', status: 200 });
    return { ...reply, provider: target.provider, model: target.model };
  } catch (thrown) {
    attempt.giveUp(); // The other requests of this call, too.
    throw thrown;
  }
};

/** Answers in the order of the requests, a few of them under way at a time. The first that fails fails all. */
const inOrder = async (
  requests: readonly UpstreamRequest[],
  ask: (request: UpstreamRequest) => Promise<Json>,
): Promise<readonly Json[]> => {
  const answers: Json[] = [];
  const waiting = requests.entries();
  const worker = async (): Promise<void> => {
    for (const [index, request] of waiting) answers[index] = await ask(request);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, requests.length) }, worker));
  return answers;
};
