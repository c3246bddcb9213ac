import type { LlmCall, LlmRequest, Message, Tool } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';
import { bedrockBetas } from './bedrock-betas.ts';
import { ContentWriter } from './bedrock-content.ts';
import { type BedrockFacts, bedrockFacts } from './bedrock-facts.ts';
import { jsonInstruction, jsonToolOf, outputConfig } from './bedrock-json-answer.ts';
import { planReasoning, type Reasoning } from './bedrock-reasoning.ts';
import { inference, serviceTier, topK } from './bedrock-sampling.ts';
import { type WrittenTools, writeTools } from './bedrock-tools.ts';
import { cacheMarks, countMarks } from './cache-marks.ts';
import { strictConversation } from './conversation.ts';
import { opaqueUser } from './names.ts';
import type { Json } from './provider.ts';
import { isForeignSignature } from './signatures.ts';

/** What a model that does not continue its own words is asked instead (R8). */
const GO_ON: Message = { role: 'user', content: [{ type: 'text', text: 'Please continue.' }] };

/**
 * The hub → the body of Converse and ConverseStream. Never more than is known there: an unknown field is an error (R65).
 *
 * Errors: `Refusal` with `unsupported_parameter`, `unsupported_content` or `invalid_request`.
 * Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html.
 */
export const writeConverse = (call: LlmCall, model: string): { body: Json; dropped: string[] } => {
  const facts = bedrockFacts(model);
  const dropped = new Set([...call.prompt.foreign, ...call.prompt.foreignTools, ...notTaken(call.prompt)]);
  refuseWhatCannotBe(call.prompt);
  const prompt = { ...call.prompt, messages: withoutLostThinking(call.prompt.messages, facts, dropped) };
  const jsonTool = jsonToolOf(prompt, facts);
  const turns = strictConversation(prompt.messages);
  const reasoning = planReasoning(prompt, turns, facts, jsonTool !== undefined || forcesTool(prompt, facts), dropped);
  const said = {
    tools: prompt.tools,
    system: prompt.system.filter(({ text }) => text.trim() !== ''), // R3
    messages: lastTurn(turns, facts, reasoning),
  };
  const marks = cacheMarks(markable(said, facts));
  if (marks.size < countMarks(prompt)) dropped.add('cache_control');
  const content = new ContentWriter({ marks, hourCache: facts.hourCache, images: facts.images }, dropped);
  const point = (tool: Tool) => content.point(tool);
  const tools = writeTools({ prompt, messages: said.messages, facts, jsonTool, point }, dropped);
  const system = [...content.system(said.system), ...jsonInstruction(prompt, facts, jsonTool, dropped)];
  const body = {
    messages: said.messages.map((message) => content.message(message)),
    ...unlessEmpty('system', system),
    ...unlessEmpty('inferenceConfig', inference(prompt, facts, reasoning, dropped)),
    ...(tools.toolConfig === undefined ? {} : { toolConfig: tools.toolConfig }),
    ...unlessEmpty('additionalModelRequestFields', modelFields(call, model, facts, reasoning, tools, dropped)),
    ...stopWanted(prompt, facts),
    ...outputConfig(prompt, facts, dropped),
    ...serviceTier(prompt, facts, dropped),
    ...(prompt.user === undefined ? {} : { requestMetadata: { user_id: opaqueUser(prompt.user) } }), // R63
  };
  return { body, dropped: [...dropped] };
};

const unlessEmpty = (name: string, value: Json | readonly Json[]): Json =>
  Object.keys(value).length === 0 ? {} : { [name]: value };

/** Dropping these silently would change what the answer is. */
const refuseWhatCannotBe = ({ n }: LlmRequest): void => {
  if (n !== undefined && n > 1) {
    throw new Refusal('unsupported_parameter', {}, { param: 'n', expected: 'this provider gives one answer a call' }); // R60
  }
};

/** R61: known to OpenAI, not to Converse. */
const notTaken = (prompt: LlmRequest): string[] => [
  ...(prompt.seed === undefined ? [] : ['seed']),
  ...(prompt.presencePenalty === undefined ? [] : ['presence_penalty']),
  ...(prompt.frequencyPenalty === undefined ? [] : ['frequency_penalty']),
];

/** R80: thinking goes back with its signature to a model that takes it, or not at all. */
const withoutLostThinking = (
  messages: readonly Message[],
  { takesThinking }: BedrockFacts,
  dropped: Set<string>,
): readonly Message[] =>
  messages.map((message) => {
    const kept = message.content.filter((block) => {
      if (block.type === 'redacted-thinking') return takesThinking;
      return block.type !== 'thinking' || (takesThinking && !isForeignSignature(block.signature));
    });
    if (kept.length === message.content.length) return message;
    dropped.add('thinking');
    return { ...message, content: kept };
  });

/** R8: the model's own last words are continued where it can, without white space at their end, which is an error. */
const lastTurn = (turns: readonly Message[], { prefill }: BedrockFacts, { active }: Reasoning): readonly Message[] => {
  const last = turns.at(-1);
  if (last?.role !== 'assistant') return turns;
  if (!prefill || active) return [...turns, GO_ON];
  const final = last.content.findLastIndex(({ type }) => type === 'text');
  const content = last.content.map((block, index) =>
    block.type === 'text' && index === final ? { ...block, text: block.text.trimEnd() } : block,
  );
  return [...turns.slice(0, -1), { role: last.role, content }];
};

interface Said {
  readonly tools: readonly Tool[];
  readonly system: LlmRequest['system'];
  readonly messages: readonly Message[];
}

/** R97: only what the model can mark. */
const markable = ({ tools, system, messages }: Said, { cache }: BedrockFacts): Said => {
  if (cache === 'everywhere') return { tools, system, messages };
  if (cache === 'none') return { tools: [], system: [], messages: [] };
  const isOfTools = (type: string): boolean => type === 'tool-call' || type === 'tool-result';
  return {
    tools: [],
    system,
    messages: messages.map(({ role, content }) => ({ role, content: content.filter(({ type }) => !isOfTools(type)) })),
  };
};

const forcesTool = ({ toolChoice }: LlmRequest, { choices }: BedrockFacts): boolean =>
  (toolChoice?.type === 'required' || toolChoice?.type === 'tool') && choices !== 'none';

/** What only the family of the model has words for. */
const modelFields = (
  call: LlmCall,
  model: string,
  facts: BedrockFacts,
  reasoning: Reasoning,
  tools: WrittenTools,
  dropped: Set<string>,
): Json => {
  const betas = facts.claude === undefined ? [] : bedrockBetas(call.dialectHeaders['anthropic-beta'], model, dropped);
  return {
    ...reasoning.fields,
    ...topK(call.prompt, facts, reasoning, dropped),
    ...(tools.toolChoice === undefined ? {} : { tool_choice: tools.toolChoice }),
    ...(betas.length === 0 ? {} : { anthropic_beta: betas }),
  };
};

/** R113: Claude says which stop ended its answer when it is asked to. The places are those of a whole and of a streamed one. */
const stopWanted = ({ stop }: LlmRequest, { claude }: BedrockFacts): Json =>
  claude === undefined || stop.length === 0
    ? {}
    : { additionalModelResponseFieldPaths: ['/stop_sequence', '/delta/stop_sequence'] };
