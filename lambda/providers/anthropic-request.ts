import type { LlmCall, LlmRequest, Message, Tool, ToolChoice } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';
import { AnthropicBlocks, MAX_TOOL_NAME } from './anthropic-blocks.ts';
import { toAnthropicSchema } from './anthropic-schema.ts';
import { planThinking, type Thinking } from './anthropic-thinking.ts';
import { cacheMarks, countMarks } from './cache-marks.ts';
import { strictConversation } from './conversation.ts';
import { claudeFacts, type ModelFacts } from './model-facts.ts';
import { opaqueUser, safeName } from './names.ts';
import type { Json } from './provider.ts';

export { MAX_TOOL_NAME } from './anthropic-blocks.ts';

/**
 * When the caller sets no limit: Anthropic demands one (R53). Enough for most answers, far from a model's dearest; more where
 * the model's own thinking counts towards it.
 */
const DEFAULT_MAX_TOKENS = 8192;
const DEFAULT_MAX_TOKENS_THINKING = 32_000;

/** Anthropic refuses more strict tools than this in one request. */
const MOST_STRICT_TOOLS = 20;

/** R67: the tool that stands in for a JSON schema on models that take none. */
export const JSON_TOOL = 'json_answer';

/** What a model that does not continue its own words is asked instead (R8). */
const GO_ON: Message = { role: 'user', content: [{ type: 'text', text: 'Please continue.' }] };

/**
 * The hub → Anthropic messages, for callers who speak another dialect.
 * Source: https://docs.anthropic.com/en/api/messages.
 */
export const writeAnthropicRequest = (call: LlmCall, model: string): { body: Json; dropped: string[] } => {
  const { prompt } = call;
  refuseWhatCannotBe(prompt);
  const facts = claudeFacts(model);
  const dropped = new Set([...prompt.foreign, ...prompt.foreignTools, ...notTaken(prompt)]);
  const jsonTool = wantsJsonTool(prompt, facts);
  const turns = strictConversation(prompt.messages);
  const forced = jsonTool !== undefined || (forcesTool(prompt) && facts.forcedTools);
  const thinking = planThinking(prompt, turns, facts, forced, dropped);
  const said = {
    tools: prompt.tools,
    system: prompt.system.filter(({ text }) => text.trim() !== ''),
    messages: lastTurn(turns, facts, thinking),
  };
  const marks = cacheMarks(said);
  if (marks.size < countMarks(prompt)) dropped.add('cache_control (not all kept)');
  const blocks = new AnthropicBlocks(marks, dropped);
  const writeTool = toolWriter(prompt, facts, blocks, dropped);
  const system = [...said.system.map(blocks.block), ...jsonInstruction(prompt, facts, jsonTool, dropped)];
  const tools = [...prompt.tools.map(writeTool), ...(jsonTool === undefined ? [] : [jsonTool])];
  const body = {
    max_tokens: maxTokens(prompt, facts, thinking, dropped),
    messages: said.messages.map(({ role, content }) => ({ role, content: blocks.turn(role, content) })),
    ...(system.length === 0 ? {} : { system }),
    ...(tools.length === 0 ? {} : { tools }),
    ...choiceOf(prompt, tools.length > 0, jsonTool !== undefined, facts, dropped),
    ...sampling(prompt, facts, thinking.active, dropped),
    ...stops(prompt, dropped),
    ...(prompt.user === undefined ? {} : { metadata: { user_id: opaqueUser(prompt.user) } }), // R63
    ...thinking.fields,
    ...outputConfig(prompt, facts, thinking, dropped),
    ...serviceTier(prompt, dropped),
  };
  return { body, dropped: [...dropped] };
};

/** Dropping these silently would change what the answer is. */
const refuseWhatCannotBe = (prompt: LlmRequest): void => {
  if (prompt.n !== undefined && prompt.n > 1) {
    throw new Refusal('unsupported_parameter', {}, { param: 'n', expected: 'this provider gives one answer a call' }); // R60
  }
};

/** R61: known to OpenAI, not to Anthropic. */
const notTaken = (prompt: LlmRequest): string[] => [
  ...(prompt.seed === undefined ? [] : ['seed']),
  ...(prompt.presencePenalty === undefined ? [] : ['presence_penalty']),
  ...(prompt.frequencyPenalty === undefined ? [] : ['frequency_penalty']),
];

/** R8: the model's own last words are continued where it can, without white space at their end, which is an error. */
const lastTurn = (turns: readonly Message[], { prefill }: ModelFacts, thinking: Thinking): readonly Message[] => {
  const last = turns.at(-1);
  if (last?.role !== 'assistant') return turns;
  if (!prefill || thinking.active) return [...turns, GO_ON];
  const final = last.content.findLastIndex(({ type }) => type === 'text');
  const content = last.content.map((block, index) =>
    block.type === 'text' && index === final ? { ...block, text: block.text.trimEnd() } : block,
  );
  return [...turns.slice(0, -1), { role: last.role, content }];
};

/** R59: blank stops are an error there. */
const stops = ({ stop }: LlmRequest, dropped: Set<string>): Json => {
  const taken = stop.filter((one) => one.trim() !== '');
  if (taken.length < stop.length) dropped.add('stop (blank)');
  return taken.length === 0 ? {} : { stop_sequences: taken };
};

/** R54: within what the model can write. R72: room for the answer besides the thinking. */
const maxTokens = (prompt: LlmRequest, facts: ModelFacts, thinking: Thinking, dropped: Set<string>): number => {
  const byDefault = thinking.active && thinking.budget === 0 ? DEFAULT_MAX_TOKENS_THINKING : DEFAULT_MAX_TOKENS;
  const wanted = prompt.maxTokens ?? byDefault;
  const needed = wanted > thinking.budget ? wanted : wanted + thinking.budget;
  if (prompt.maxTokens !== undefined) {
    if (needed > wanted) dropped.add('max_tokens (raised for thinking)');
    if (wanted > facts.maxOutput) dropped.add(`max_tokens (above ${facts.maxOutput})`);
  }
  return Math.min(needed, facts.maxOutput);
};

/** Leaving these out, or at these, changes nothing (R76). */
const PLAIN_TEMPERATURE = 1;
const LEAST_TOP_P_THINKING = 0.95;

/** R55, R56, R76. What is changed is named, as what is left out is. */
const sampling = (prompt: LlmRequest, facts: ModelFacts, thinks: boolean, dropped: Set<string>): Json => {
  const { temperature, topP, topK } = prompt;
  const takes = (name: string, taken: boolean): boolean => {
    if (!taken) dropped.add(name);
    return taken;
  };
  const sampled = facts.sampling !== 'none' && !thinks;
  const heats = temperature !== undefined && (sampled || temperature !== PLAIN_TEMPERATURE);
  if (heats && temperature > 1 && sampled) dropped.add('temperature (above 1)');
  const narrows = sampled || (facts.sampling !== 'none' && topP !== undefined && topP >= LEAST_TOP_P_THINKING);
  return {
    ...(heats && takes('temperature', sampled) ? { temperature: Math.min(temperature, 1) } : {}),
    ...(topP !== undefined && takes('top_p', narrows && (facts.sampling === 'both' || temperature === undefined))
      ? { top_p: topP }
      : {}),
    ...(topK !== undefined && takes('top_k', sampled) ? { top_k: topK } : {}),
  };
};

const TIERS = new Map([
  ['auto', 'auto'],
  ['default', 'standard_only'],
]);

/** R64: the names differ. Source: https://platform.claude.com/docs/en/api/service-tiers. */
const serviceTier = ({ serviceTier: tier }: LlmRequest, dropped: Set<string>): Json => {
  if (tier === undefined) return {};
  const theirs = TIERS.get(tier);
  if (theirs === undefined) dropped.add('service_tier');
  return theirs === undefined ? {} : { service_tier: theirs };
};

/** R67: natively where the model can … */
const outputConfig = (
  { responseFormat }: LlmRequest,
  facts: ModelFacts,
  { effort }: Thinking,
  dropped: Set<string>,
): Json => {
  const native = responseFormat?.type === 'json-schema' && facts.jsonSchema && saysSomething(responseFormat.schema);
  const written = native ? toAnthropicSchema(responseFormat.schema) : undefined;
  if (written?.loosened === true) dropped.add('response_format (limits of values)');
  const config = {
    ...(effort === undefined ? {} : { effort }),
    ...(written === undefined ? {} : { format: { type: 'json_schema', schema: written.schema } }),
  };
  return Object.keys(config).length === 0 ? {} : { output_config: config };
};

const saysSomething = (schema: Json): boolean => Object.keys(schema).length > 0;

/** … as a forced tool where it can't, unless the caller has tools of its own … */
const wantsJsonTool = ({ responseFormat, tools }: LlmRequest, facts: ModelFacts): Json | undefined =>
  responseFormat?.type === 'json-schema' &&
  !facts.jsonSchema &&
  tools.length === 0 &&
  saysSomething(responseFormat.schema) &&
  (responseFormat.schema.type ?? 'object') === 'object'
    ? {
        name: JSON_TOOL,
        description: 'Gives the answer in the form that was asked for.',
        input_schema: { properties: {}, ...responseFormat.schema, type: 'object' },
      }
    : undefined;

/** … and in words where neither can be. R69: plain JSON mode is a request, there is no switch for it. */
const jsonInstruction = (
  { responseFormat }: LlmRequest,
  facts: ModelFacts,
  jsonTool: Json | undefined,
  dropped: Set<string>,
): Json[] => {
  if (responseFormat === undefined || jsonTool !== undefined) return [];
  const schema = responseFormat.type === 'json-schema' ? responseFormat.schema : {};
  if (facts.jsonSchema && saysSomething(schema)) return [];
  dropped.add('response_format (asked for in words)');
  const form = saysSomething(schema) ? ` that keeps to this JSON schema: ${JSON.stringify(schema)}` : '';
  return [{ type: 'text', text: `Answer with one JSON object and nothing else${form}.` }];
};

const forcesTool = ({ toolChoice }: LlmRequest): boolean =>
  toolChoice?.type === 'required' || toolChoice?.type === 'tool';

/** R27, R30, R32. */
const choiceOf = (
  prompt: LlmRequest,
  hasTools: boolean,
  jsonTool: boolean,
  facts: ModelFacts,
  dropped: Set<string>,
): Json => {
  if (!hasTools) return {};
  if (jsonTool) return { tool_choice: { type: 'tool', name: JSON_TOOL } };
  const degraded = forcesTool(prompt) && !facts.forcedTools;
  if (degraded) dropped.add('tool_choice');
  const choice = degraded ? undefined : writeChoice(prompt.toolChoice);
  const serial = prompt.parallelToolCalls === false && choice?.type !== 'none';
  if (choice === undefined && !serial) return {};
  const base: Json = choice ?? { type: 'auto' };
  return { tool_choice: { ...base, ...(serial ? { disable_parallel_tool_use: true } : {}) } };
};

const writeChoice = (choice: ToolChoice | undefined): Json | undefined => {
  if (choice === undefined) return undefined;
  if (choice.type === 'required') return { type: 'any' };
  return choice.type === 'tool' ? { type: 'tool', name: safeName(choice.name, MAX_TOOL_NAME) } : { type: choice.type };
};

/** R15–R18. R23: strict where the model enforces it. */
const toolWriter = (
  { tools }: LlmRequest,
  facts: ModelFacts,
  blocks: AnthropicBlocks,
  dropped: Set<string>,
): ((tool: Tool) => Json) => {
  const strict = tools.filter((tool) => tool.strict === true).length;
  const enforces = facts.jsonSchema && strict <= MOST_STRICT_TOOLS;
  if (strict > 0 && !enforces) dropped.add('strict');
  return (tool) => {
    const isStrict = tool.strict === true && enforces;
    const whole: Json = { properties: {}, ...tool.parameters, type: 'object' };
    return {
      name: safeName(tool.name, MAX_TOOL_NAME),
      ...(tool.description === undefined || tool.description === '' ? {} : { description: tool.description }),
      input_schema: isStrict ? toAnthropicSchema(whole).schema : whole,
      ...(isStrict ? { strict: true } : {}),
      ...blocks.mark(tool),
    };
  };
};
