import type { CompiledLlmRoute, CompiledPolicy } from '../../config/compiled.ts';
import type { LlmCall, LlmReply, LlmRequest } from '../core/llm.ts';
import { pipeline } from '../core/pipeline.ts';
import { Refusal } from '../core/refusal.ts';
import { eventStream } from '../http/event-stream.ts';
import { type Answer, observed, type Serve } from '../http/observed.ts';
import { callProvider } from '../providers/call-provider.ts';
import type { Exchange } from '../telemetry/exchange.ts';
import { readJsonBody } from './body.ts';
import { meter, settledUsage } from './meter.ts';
import type { LlmPorts } from './ports.ts';
import { costHeader, costOf } from './price.ts';
import { llmStages } from './stages.ts';
import { targetsOf } from './targets.ts';
import type { WireDialect } from './wire/dialect.ts';
import { readModel } from './wire/fields.ts';

/** A chat surface on a route: reads the caller's dialect, runs the pipeline, writes the dialect again. */
export const serveChat = (
  policy: CompiledPolicy,
  route: CompiledLlmRoute,
  wire: WireDialect,
  ports: LlmPorts,
): Serve => {
  const handle = pipeline(
    llmStages(policy.llm, route, ports),
    callProvider(policy.llm.providers, (call) => targetsOf(policy.llm, route, call), ports),
  );
  const surface = { name: wire.dialect, writeRefusal: wire.writeRefusal };
  return observed(policy, route, surface, ports, async (request, call, exchange, abort) => {
    const body = await readJsonBody(request);
    const model = readModel(body);
    const { stream, includeUsage } = wire.readStream(body);
    exchange.llm = { operation: 'chat', model, stream };
    const dialectHeaders = pick(request.headers, wire.headers);
    let prompt: LlmRequest | undefined;
    const llmCall: LlmCall = {
      ...call,
      dialect: wire.dialect,
      model,
      stream,
      includeUsage,
      body,
      drawn: ports.random(),
      // Read when a stage first asks: reading costs, and a stranger's prompt is not worth it.
      get prompt() {
        prompt ??= wire.readRequest(body);
        return prompt;
      },
      dialectHeaders,
    };
    const reply = await handle(llmCall);
    exchange.note({ served: { provider: reply.provider, model: reply.model } });
    return writeReply(reply, llmCall, wire, exchange, abort, ports, policy);
  });
};

const pick = (from: Headers, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = from.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );

const writeReply = (
  reply: LlmReply,
  call: LlmCall,
  wire: WireDialect,
  exchange: Exchange,
  abort: AbortController,
  ports: LlmPorts,
  { prices }: CompiledPolicy,
): Answer => {
  const noteCost = (): void => exchange.note(costOf(prices, reply, exchange.llm, exchange.startedMs));
  const promptChars = charsOf(call);
  if (reply.type === 'whole') {
    const { message, native } = reply;
    exchange.note({
      finish: message.finish,
      usage: settledUsage(message.usage, promptChars, 0),
      ...(message.model === '' ? {} : { served: { provider: reply.provider, model: message.model } }),
    });
    noteCost();
    return {
      body: native ?? wire.writeMessage(message, call, ports.clock()),
      headers: costHeader(exchange.llm?.cost),
    };
  }
  const parts = meter(reply.parts, promptChars, exchange, ports.clock);
  const body = eventStream(wire.writeStream(parts, call, ports.clock()), {
    writeError: (refusal) => wire.writeStreamError(refusal, call.id),
    ended: (refusal) => {
      if (refusal?.code === 'internal') ports.logBug(call.id, refusal.cause);
      noteCost();
      exchange.finish(200, refusal);
    },
    left: () => abort.abort(new Refusal('caller_left')),
  });
  const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache, no-transform' };
  return { body, headers };
};

/** How much was asked, roughly: for an estimate when the provider does not say. */
const charsOf = ({ prompt }: LlmCall): number => {
  const texts = (blocks: readonly { readonly type: string }[]): number =>
    blocks.reduce((sum, block) => sum + ('text' in block && typeof block.text === 'string' ? block.text.length : 0), 0);
  return texts(prompt.system) + prompt.messages.reduce((sum, { content }) => sum + texts(content), 0);
};
