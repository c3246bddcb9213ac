import type { CompiledLlmProvider, ModelTarget } from '../../config/compiled.ts';
import type { LlmCall, LlmPart, LlmReply } from '../core/llm.ts';
import type { Handle } from '../core/pipeline.ts';
import { type Asking, askInOrder } from './ask-in-order.ts';
import { Patience } from './patience.ts';
import type { IncomingAnswer } from './send.ts';
import { readAnswer, sendWithCredential, type UpstreamPorts } from './upstream.ts';

/** With another target left there is no reason to wait for the slow one as long. */
const PATIENCE_MS = { stream: 20_000, whole: 120_000 };

/** The end of the pipeline: the first target that answers. */
export const callProvider =
  (
    providers: Readonly<Record<string, CompiledLlmProvider>>,
    targetsOf: (call: LlmCall) => readonly ModelTarget[],
    ports: UpstreamPorts,
  ): Handle<LlmCall, LlmReply> =>
  (call) =>
    askInOrder(call, targetsOf(call), providers, ports, (asking) => askChat(call, asking, ports));

const askChat = async (call: LlmCall, asking: Asking, ports: UpstreamPorts): Promise<LlmReply> => {
  const { target, config, provider, othersLeft, answered } = asking;
  const request = provider.toRequest(call, target.model, config);
  const patienceMs = othersLeft ? PATIENCE_MS[call.stream ? 'stream' : 'whole'] : Number.POSITIVE_INFINITY;
  const attempt = new Patience(call.signal, Math.min(config.timeouts.firstByteMs, patienceMs));
  try {
    const answer = await sendWithCredential(provider, request, config, ports, attempt.signal);
    const reply = call.stream ? await askStream(call, asking, answer, attempt) : await askWhole(call, asking, answer);
    if (call.stream) attempt.met();
    else attempt.done();
    call.facts.dropped.push(...request.dropped);
    const upstreamRequestId = answer.headers['x-request-id'] ?? answer.headers['request-id'];
    answered({
      outcome: 'ok',
      status: answer.status,
      ...(upstreamRequestId === undefined ? {} : { upstreamRequestId }),
    });
    return { provider: target.provider, model: target.model, ...reply };
  } catch (thrown) {
    attempt.giveUp();
    throw thrown;
  }
};

const askWhole = async (call: LlmCall, { provider }: Asking, answer: IncomingAnswer) => {
  const body = await readAnswer(answer, provider);
  const message = provider.toMessage(body, call);
  return { type: 'whole' as const, message, ...(provider.dialects.includes(call.dialect) ? { native: body } : {}) };
};

const askStream = async (call: LlmCall, { provider }: Asking, answer: IncomingAnswer, attempt: Patience) => ({
  type: 'stream' as const,
  parts: await committed(provider.toParts(provider.decode(answer.body, call), call), answer, attempt),
});

/** Reads until there is something for the caller: until then another target may still take over. */
const committed = async (
  parts: AsyncIterable<LlmPart>,
  answer: IncomingAnswer,
  attempt: Patience,
): Promise<AsyncIterable<LlmPart>> => {
  const iterator = parts[Symbol.asyncIterator]();
  const held: LlmPart[] = [];
  for (let next = await iterator.next(); ; next = await iterator.next()) {
    if (next.done === true) break;
    held.push(next.value);
    if (SUBSTANCE.has(next.value.type)) break;
  }
  return (async function* () {
    try {
      yield* held;
      yield* { [Symbol.asyncIterator]: () => iterator };
    } finally {
      attempt.done();
      answer.body.destroy();
    }
  })();
};

const SUBSTANCE: ReadonlySet<LlmPart['type']> = new Set([
  'text',
  'thinking',
  'redacted-thinking',
  'tool-call',
  'finish',
  'end',
]);
