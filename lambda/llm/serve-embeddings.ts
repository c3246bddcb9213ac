import type { CompiledLlmRoute, CompiledPolicy } from '../../config/compiled.ts';
import type { EmbeddingsAsked, ServedEmbeddings, UnreadEmbeddings } from '../core/embeddings.ts';
import { NO_USAGE, type Usage } from '../core/llm.ts';
import { pipeline } from '../core/pipeline.ts';
import { writeOpenAiRefusal } from '../core/write-refusal.ts';
import { observed, type Serve } from '../http/observed.ts';
import { callEmbeddings } from '../providers/call-embeddings.ts';
import { readJsonBody } from './body.ts';
import { textTokens } from './estimate-text.ts';
import type { LlmPorts } from './ports.ts';
import { costHeader, costOf } from './price.ts';
import { embeddingsStages } from './stages.ts';
import { targetsOf } from './targets.ts';
import { readModel } from './wire/fields.ts';
import { modelOf, readOpenAiEmbeddings, writeEmbeddings } from './wire/openai-embeddings.ts';

/** `POST embeddings`, in OpenAI's dialect whoever answers. */
export const serveEmbeddings = (policy: CompiledPolicy, route: CompiledLlmRoute, ports: LlmPorts): Serve => {
  const { llm } = policy;
  const handle = pipeline<UnreadEmbeddings, ServedEmbeddings>(
    embeddingsStages(llm, route, ports),
    ({ asked, ...call }) => callEmbeddings(llm.providers, targetsOf(llm, route, call), ports)({ ...call, ...asked }),
  );
  return observed(
    policy,
    route,
    { name: 'embeddings', writeRefusal: writeOpenAiRefusal },
    ports,
    async (request, call, exchange) => {
      const body = await readJsonBody(request);
      const model = readModel(body);
      exchange.llm = { operation: 'embeddings', model, stream: false };
      let asked: EmbeddingsAsked | undefined;
      const unread: UnreadEmbeddings = {
        ...call,
        model,
        body,
        drawn: ports.random(),
        // Read when a stage first asks: a stranger's texts are not worth it.
        get asked() {
          asked ??= readOpenAiEmbeddings(body);
          return asked;
        },
      };
      const reply = await handle(unread);
      const usage = usageOf(reply, unread.asked);
      exchange.note({ served: { provider: reply.provider, model: modelOf(reply) }, usage });
      exchange.note(costOf(policy.prices, reply, exchange.llm, exchange.startedMs));
      return { body: writeEmbeddings(reply, unread.asked, usage.input), headers: costHeader(exchange.llm?.cost) };
    },
  );
};

/** A provider that does not count is estimated, and the record says so (R109). */
const usageOf = ({ tokens }: ServedEmbeddings, { inputs }: EmbeddingsAsked): Usage => {
  if (tokens !== undefined) return { ...NO_USAGE, input: tokens };
  const input = inputs.reduce((sum, one) => sum + (typeof one === 'string' ? textTokens(one) : one.length), 0);
  return { ...NO_USAGE, input: Math.ceil(input), estimated: true };
};
