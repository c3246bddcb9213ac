import type { CompiledLlmProvider, ModelTarget } from '../../config/compiled.ts';
import type { FinishReason, LlmCall, LlmPart, LlmReply } from '../core/llm.ts';
import type { Handle } from '../core/pipeline.ts';
import { cleaned, Refusal } from '../core/refusal.ts';
import { type Asking, askInOrder } from './ask-in-order.ts';
import { Patience } from './patience.ts';
import type { Provider } from './provider.ts';
import { readAnswer, readRequestId, sendWithCredential, type UpstreamAnswer, type UpstreamPorts } from './upstream.ts';

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

const askChat = async (call: LlmCall, asking: Asking, shared: UpstreamPorts): Promise<LlmReply> => {
  const { target, config, provider, othersLeft, freshConnection, answered } = asking;
  const ports = freshConnection ? onFreshConnection(shared) : shared;
  const request = provider.toRequest(call, target.model, config);
  const patienceMs = othersLeft ? PATIENCE_MS[call.stream ? 'stream' : 'whole'] : Number.POSITIVE_INFINITY;
  const { firstByteMs, wholeMs = firstByteMs } = config.timeouts;
  const waitMs = Math.min(call.stream ? firstByteMs : wholeMs, patienceMs);
  const attempt = new Patience(call.signal, waitMs);
  try {
    const patient = { ...config, timeouts: { ...config.timeouts, firstByteMs: waitMs } };
    const answer = await sendWithCredential(provider, request, patient, ports, attempt.signal);
    // From here on a whole answer is only late when it stops coming; a stream has to begin first.
    if (!call.stream) attempt.met();
    const reply = call.stream ? await askStream(call, asking, answer, attempt) : await askWhole(call, asking, answer);
    if (call.stream) attempt.met();
    else attempt.done();
    noteDropped(call, request.dropped, provider);
    const upstreamRequestId = readRequestId(answer);
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

/** More names than this say nothing that the first ones don't. */
const MOST_DROPPED = 50;

/** What the provider could not take, by the caller's names; headers of the caller's dialect mean nothing to another (R147). */
const noteDropped = (call: LlmCall, dropped: readonly string[], provider: Provider): void => {
  const headers = provider.dialects.includes(call.dialect)
    ? []
    : Object.keys(call.dialectHeaders).filter((name) => name.endsWith('-beta'));
  for (const name of [...headers, ...dropped].slice(0, MOST_DROPPED)) call.facts.dropped.push(name);
};

const onFreshConnection = (ports: UpstreamPorts): UpstreamPorts => ({
  ...ports,
  send: (request, limits, signal) => ports.send({ ...request, fresh: true }, limits, signal),
});

const askWhole = async (call: LlmCall, asking: Asking, answer: UpstreamAnswer) => {
  const { provider, othersLeft } = asking;
  const body = await readAnswer(answer, provider);
  const message = named(provider.toMessage(body, call), asking, answer);
  const { content, finish, stopSequence } = message;
  if (othersLeft && content.length === 0 && isNothing(call, finish, stopSequence)) throw nothing();
  return { type: 'whole' as const, message, ...(provider.dialects.includes(call.dialect) ? { native: body } : {}) };
};

const askStream = async (call: LlmCall, asking: Asking, answer: UpstreamAnswer, attempt: Patience) => {
  const parts = withoutSecrets(asking.provider.toParts(asking.provider.decode(answer.body, call), call), answer);
  return {
    type: 'stream' as const,
    parts: await committed(allNamed(parts, asking, answer), call, asking, answer, attempt),
  };
};

/** An error inside a stream may quote the key, too. */
async function* withoutSecrets(parts: AsyncIterable<LlmPart>, { clean }: UpstreamAnswer): AsyncIterable<LlmPart> {
  try {
    yield* parts;
  } catch (thrown) {
    throw thrown instanceof Refusal ? cleaned(thrown, clean) : thrown;
  }
}

/** R14: Bedrock's body says neither which answer it is nor by which model. */
const named = <Said extends { readonly id: string; readonly model: string }>(
  said: Said,
  { target }: Asking,
  answer: UpstreamAnswer,
): Said => ({ ...said, id: said.id || (readRequestId(answer) ?? ''), model: said.model || target.model });

async function* allNamed(
  parts: AsyncIterable<LlmPart>,
  asking: Asking,
  answer: UpstreamAnswer,
): AsyncIterable<LlmPart> {
  for await (const part of parts) yield part.type === 'start' ? named(part, asking, answer) : part;
}

/**
 * An answer that holds nothing although nothing explains it: a model out of order. Another may do better; where there is no
 * other the caller gets it as it is.
 */
const isNothing = ({ prompt }: LlmCall, finish: FinishReason, stopSequence: string | undefined): boolean =>
  finish === 'stop' && stopSequence === undefined && prompt.stop.length === 0;

const nothing = (): Refusal => new Refusal('upstream_failed', { reason: 'empty answer' });

/** An honest provider says hello, perhaps pings for some minutes, and begins. */
const MOST_HELD = 1_000;

/** Reads until there is something for the caller: until then another target may still take over. */
const committed = async (
  parts: AsyncIterable<LlmPart>,
  call: LlmCall,
  { othersLeft }: Asking,
  answer: UpstreamAnswer,
  attempt: Patience,
): Promise<AsyncIterable<LlmPart>> => {
  const iterator = parts[Symbol.asyncIterator]();
  const held: LlmPart[] = [];
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
    const part = next.value;
    held.push(part);
    if (held.length > MOST_HELD) throw new Refusal('upstream_failed', { reason: 'frames without content' });
    if (othersLeft && part.type === 'finish' && isNothing(call, part.reason, part.stopSequence)) throw nothing();
    if (SUBSTANCE.has(part.type)) break;
  }
  return (async function* () {
    let whole = false;
    try {
      for (const part of held) {
        whole = part.type === 'end';
        yield part;
      }
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
        whole = next.value.type === 'end';
        yield next.value;
      }
    } finally {
      attempt.done();
      if (!whole) answer.body.destroy();
      await iterator.return?.();
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
