import type { CompiledLlm, CompiledLlmRoute, CompiledPolicy, ModelTarget } from '../../config/compiled.ts';
import { type LlmCall, type LlmReply, type LlmRequest, NO_USAGE } from '../core/llm.ts';
import { type Handle, pipeline } from '../core/pipeline.ts';
import { observed, type Serve } from '../http/observed.ts';
import { countUpstreamTokens } from '../providers/count-upstream-tokens.ts';
import { countsInO200k } from '../providers/token-counters.ts';
import { readJsonBody } from './body.ts';
import { estimateTokens } from './estimate-tokens.ts';
import type { LlmPorts } from './ports.ts';
import { llmStages } from './stages.ts';
import { targetsOf } from './targets.ts';
import { anthropicMessages, writeRefusal } from './wire/anthropic-messages.ts';
import { readModel } from './wire/fields.ts';
import { readAnthropicPrompt } from './wire/read-anthropic-messages.ts';

/**
 * `POST messages/count_tokens` (R144): Anthropic counts its own prompts; what goes to another provider is estimated,
 * or counted here where policy asks for that and the vocabulary is known. It passes
 * the same stages as the call it is about: the same models, rules and limits, and the prompt as policy makes it.
 */
export const countTokens = (policy: CompiledPolicy, route: CompiledLlmRoute, ports: LlmPorts): Serve => {
  const handle = pipeline(llmStages(policy.llm, route, ports), count(policy, route, ports));
  return observed(policy, route, { name: 'count-tokens', writeRefusal }, ports, async (request, call, exchange) => {
    const body = await readJsonBody(request);
    const model = readModel(body);
    exchange.llm = { operation: 'count_tokens', model, stream: false };
    const { dialect, headers } = anthropicMessages;
    let prompt: LlmRequest | undefined;
    const reply = await handle({
      ...call,
      dialect,
      model,
      stream: false,
      includeUsage: false,
      body,
      drawn: ports.random(),
      // Read when a stage first asks: a stranger's prompt is not worth it.
      get prompt() {
        prompt ??= readAnthropicPrompt(body);
        return prompt;
      },
      dialectHeaders: Object.fromEntries([...request.headers].filter(([name]) => headers.includes(name))),
    });
    exchange.note({ served: { provider: reply.provider, model: reply.model } });
    return { body: (reply.type === 'whole' && reply.native) || {} };
  });
};

/** The count as an answer that says nothing and costs nothing. */
const count =
  ({ llm }: CompiledPolicy, route: CompiledLlmRoute, ports: LlmPorts): Handle<LlmCall, LlmReply> =>
  async (call) => {
    const targets = targetsOf(llm, route, call);
    const { provider, model, body } = await countUpstreamTokens(call, targets, llm.providers, ports);
    const message = { id: '', model, content: [], finish: 'stop', usage: NO_USAGE } as const;
    const native = body ?? { input_tokens: await countHere(call, llm, { provider, model }, ports) };
    return { type: 'whole', provider, model, message, native };
  };

const countHere = async (
  { prompt }: LlmCall,
  { tokenize, providers }: CompiledLlm,
  { provider, model }: ModelTarget,
  { vocabulary }: LlmPorts,
): Promise<number> => {
  const exactly = tokenize === 'exact' && countsInO200k(providers[provider]?.kind, model);
  const count = exactly ? await vocabulary?.() : undefined;
  return count === undefined ? estimateTokens(prompt) : estimateTokens(prompt, count) + framing(prompt);
};

/** What OpenAI puts around a conversation: three tokens and a role for each message, three for the answer's beginning. */
const framing = ({ system, messages }: LlmRequest): number => 3 + 4 * (messages.length + (system.length > 0 ? 1 : 0));
