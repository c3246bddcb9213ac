import type { Block, LlmCall, LlmRequest, MediaSource, Tool, ToolChoice } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';
import { keptMarks } from './cache-marks.ts';
import { strictConversation } from './conversation.ts';
import { claudeFacts, type ModelFacts } from './model-facts.ts';
import { safeName } from './names.ts';
import type { Json } from './provider.ts';
import { toArguments } from './tool-arguments.ts';

/** When the caller sets no limit: Anthropic demands one (R53). Enough for most answers, far from a model's dearest. */
const DEFAULT_MAX_TOKENS = 8192;

export const MAX_TOOL_NAME = 64;

/** R72: an effort as a budget of thinking tokens. */
const BUDGETS = new Map([
  ['low', 1024],
  ['medium', 4096],
  ['high', 16_384],
  ['xhigh', 32_768],
]);

/** R67: the tool that stands in for a JSON schema on models that take none. */
export const JSON_TOOL = 'json_answer';

/**
 * The hub → Anthropic messages, for callers who speak another dialect.
 * Source: https://docs.anthropic.com/en/api/messages.
 */
export const writeAnthropicRequest = (call: LlmCall, model: string): { body: Json; dropped: string[] } => {
  const { prompt } = call;
  const dropped: string[] = [...prompt.foreign, ...prompt.foreignTools];
  refuseWhatCannotBe(prompt);
  const facts = claudeFacts(model);
  const jsonTool = wantsJsonTool(prompt, facts);
  const thinking = thinkingOf(prompt, facts, jsonTool);
  if (prompt.reasoning?.effort !== undefined && thinking === undefined && !isOff(prompt))
    dropped.push('reasoning_effort');
  const write = new BlockWriter(keptMarks(prompt));
  const system = [
    ...prompt.system.filter(({ text }) => text.trim() !== '').map((block) => write.block(block)),
    ...jsonInstruction(prompt),
  ];
  const tools = [...prompt.tools.map(write.tool), ...(jsonTool === undefined ? [] : [jsonTool])];
  return {
    body: {
      max_tokens: maxTokens(prompt, facts, thinking),
      messages: strictConversation(prompt.messages).map(({ role, content }) => ({
        role,
        content: write.turn(role, content),
      })),
      ...(system.length === 0 ? {} : { system }),
      ...(tools.length === 0 ? {} : { tools }),
      ...choiceOf(prompt, tools.length > 0, jsonTool !== undefined, thinking !== undefined),
      ...sampling(prompt, facts, thinking !== undefined, dropped),
      ...(stops(prompt).length === 0 ? {} : { stop_sequences: stops(prompt) }),
      ...(prompt.user === undefined ? {} : { metadata: { user_id: prompt.user } }),
      ...thinking?.body,
      ...structured(prompt, facts, thinking?.body),
      ...serviceTier(prompt, dropped),
    },
    dropped: [...dropped, ...notTaken(prompt)],
  };
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

/** R59: blank stops are an error there. */
const stops = (prompt: LlmRequest): readonly string[] => prompt.stop.filter((stop) => stop.trim() !== '');

interface Thinking {
  readonly budget: number;
  readonly body: Json;
}

const isOff = ({ reasoning }: LlmRequest): boolean => reasoning?.effort === 'none' || reasoning?.effort === 'minimal'; // R73

/** R31: a forced tool and thinking exclude each other; the caller's tool wins. R79: so does a history without its thinking. */
const thinkingOf = (prompt: LlmRequest, facts: ModelFacts, jsonTool: Json | undefined): Thinking | undefined => {
  const { reasoning } = prompt;
  if (reasoning === undefined || isOff(prompt) || facts.thinking === 'none' || jsonTool !== undefined) return undefined;
  if (prompt.toolChoice?.type === 'required' || prompt.toolChoice?.type === 'tool' || inToolLoopWithoutThinking(prompt))
    return undefined;
  if (facts.thinking === 'adaptive') {
    return {
      budget: 0,
      body: { thinking: { type: 'adaptive' }, output_config: { effort: reasoning.effort ?? 'medium' } },
    };
  }
  const budget = reasoning.budgetTokens ?? BUDGETS.get(reasoning.effort ?? 'medium') ?? 1024;
  return { budget, body: { thinking: { type: 'enabled', budget_tokens: budget } } };
};

const inToolLoopWithoutThinking = ({ messages }: LlmRequest): boolean => {
  const last = messages.findLast(({ role }) => role === 'assistant');
  return (
    last?.content.some(({ type }) => type === 'tool-call') === true && !/thinking/.test(last.content[0]?.type ?? '')
  );
};

/** R54: within what the model can write. R72: room for the answer besides the thinking. */
const maxTokens = (prompt: LlmRequest, facts: ModelFacts, thinking: Thinking | undefined): number => {
  const wanted = prompt.maxTokens ?? DEFAULT_MAX_TOKENS;
  const needed = thinking === undefined || wanted > thinking.budget ? wanted : wanted + thinking.budget;
  return Math.min(needed, facts.maxOutput);
};

/** R55, R56, R76. What is changed is named, as what is left out is. */
const sampling = (prompt: LlmRequest, facts: ModelFacts, thinks: boolean, dropped: string[]): Json => {
  const { temperature, topP, topK } = prompt;
  const takes = (name: string, taken: boolean): boolean => {
    if (!taken) dropped.push(name);
    return taken;
  };
  const sampled = facts.sampling !== 'none' && !thinks;
  if (temperature !== undefined && temperature > 1 && sampled) dropped.push('temperature (above 1)');
  return {
    ...(temperature !== undefined && takes('temperature', sampled) ? { temperature: Math.min(temperature, 1) } : {}),
    ...(topP !== undefined && takes('top_p', sampled && (facts.sampling === 'both' || temperature === undefined))
      ? { top_p: topP }
      : {}),
    ...(topK !== undefined && takes('top_k', sampled) ? { top_k: topK } : {}),
  };
};

const TIERS = new Map([
  ['auto', 'auto'],
  ['default', 'standard_only'],
]);

/** R64: the names differ. */
const serviceTier = ({ serviceTier: tier }: LlmRequest, dropped: string[]): Json => {
  if (tier === undefined) return {};
  const theirs = TIERS.get(tier);
  if (theirs === undefined) dropped.push('service_tier');
  return theirs === undefined ? {} : { service_tier: theirs };
};

/** R67: natively where the model can … */
const structured = ({ responseFormat }: LlmRequest, facts: ModelFacts, thinking: Json | undefined): Json => {
  if (responseFormat?.type !== 'json-schema' || !facts.jsonSchema) return {};
  const effort = (thinking?.output_config ?? {}) as Json;
  return { output_config: { ...effort, format: { type: 'json_schema', schema: responseFormat.schema } } };
};

/** … as a forced tool where it can't, unless the caller has tools of its own. */
export const wantsJsonTool = ({ responseFormat, tools }: LlmRequest, facts: ModelFacts): Json | undefined =>
  responseFormat?.type === 'json-schema' && !facts.jsonSchema && tools.length === 0
    ? {
        name: JSON_TOOL,
        description: 'Gives the answer in the form that was asked for.',
        input_schema: responseFormat.schema,
      }
    : undefined;

/** R69: plain JSON mode is a request, there is no switch for it. */
const jsonInstruction = ({ responseFormat }: LlmRequest): Json[] =>
  responseFormat?.type === 'json' ? [{ type: 'text', text: 'Answer with one JSON object and nothing else.' }] : [];

/** R27, R30, R32. */
const choiceOf = (prompt: LlmRequest, hasTools: boolean, jsonTool: boolean, thinks: boolean): Json => {
  if (!hasTools) return {};
  if (jsonTool) return { tool_choice: { type: 'tool', name: JSON_TOOL } };
  const choice = writeChoice(prompt.toolChoice);
  const serial = prompt.parallelToolCalls === false && choice?.type !== 'none';
  if (choice === undefined && !serial) return {};
  const forced = choice !== undefined && (choice.type === 'none' || !thinks) ? choice : undefined;
  const base: Json = forced ?? { type: 'auto' };
  return { tool_choice: { ...base, ...(serial ? { disable_parallel_tool_use: true } : {}) } };
};

const writeChoice = (choice: ToolChoice | undefined): Json | undefined => {
  if (choice === undefined) return undefined;
  if (choice.type === 'required') return { type: 'any' };
  return choice.type === 'tool' ? { type: 'tool', name: safeName(choice.name, MAX_TOOL_NAME) } : { type: choice.type };
};

/** Writes blocks; knows which cache marks are kept. */
class BlockWriter {
  readonly #keeps: (owner: object) => boolean;

  constructor(keeps: (owner: object) => boolean) {
    this.#keeps = keeps;
  }

  /** R8: trailing white space before the model's own words is an error. R79: thinking first. */
  turn(role: 'user' | 'assistant', content: readonly Block[]): Json[] {
    const ordered = role === 'assistant' ? [...content].sort((a, b) => rank(a) - rank(b)) : content;
    return ordered.flatMap((block) => {
      // R80: a signature that is not there can't be made up.
      if (block.type === 'thinking' && block.signature === undefined) return [];
      if (role === 'assistant' && block.type === 'text')
        return [this.block({ ...block, text: block.text.trimEnd() }, block)];
      return [this.block(block)];
    });
  }

  readonly block = (block: Block, owner: object = block): Json => ({
    ...this.#content(block),
    ...this.#mark(block, owner),
  });

  readonly tool = (tool: Tool): Json => ({
    name: safeName(tool.name, MAX_TOOL_NAME),
    ...(tool.description === undefined || tool.description === '' ? {} : { description: tool.description }),
    input_schema: { type: 'object', properties: {}, ...tool.parameters }, // R16, R18
    ...this.#mark(tool, tool),
  });

  /** R93, R99: never on thinking. */
  #mark(from: object, owner: object): Json {
    if (!('cache' in from) || from.cache === undefined || !this.#keeps(owner)) return {};
    const { ttl } = from.cache as { ttl?: string };
    return { cache_control: { type: 'ephemeral', ...(ttl === undefined ? {} : { ttl }) } };
  }

  #content(block: Block): Json {
    switch (block.type) {
      case 'text':
        return { type: 'text', text: block.text };
      case 'image':
        return { type: 'image', source: writeSource(block.source) };
      case 'document':
        return {
          type: 'document',
          source:
            block.source.type === 'text'
              ? { type: 'text', media_type: 'text/plain', data: block.source.text }
              : writeSource(block.source),
          ...(block.name === undefined ? {} : { title: block.name }),
        };
      case 'tool-call':
        return {
          type: 'tool_use',
          id: safeName(block.id, 64),
          name: safeName(block.name, MAX_TOOL_NAME),
          input: toArguments(block.arguments),
        };
      case 'tool-result': {
        const content = block.content.filter((inner) => inner.type !== 'text' || inner.text.trim() !== '');
        return {
          type: 'tool_result',
          tool_use_id: safeName(block.callId, 64),
          ...(content.length === 0 ? {} : { content: plain(content.map((inner) => this.block(inner))) }),
          ...(block.isError ? { is_error: true } : {}),
        };
      }
      case 'thinking':
        return { type: 'thinking', thinking: block.text, signature: block.signature };
      case 'redacted-thinking':
        return { type: 'redacted_thinking', data: block.data };
      case 'audio':
        throw new Refusal(
          'unsupported_content',
          { kind: 'audio' },
          { param: 'messages', expected: 'text, images and documents' },
        ); // R92
      case 'other':
        if (block.dialect === 'anthropic-messages') return block.raw as Json;
        throw new Refusal(
          'unsupported_content',
          { kind: block.kind },
          { param: 'messages', expected: 'text, images and documents' },
        );
    }
  }
}

const rank = (block: Block): number => (block.type.endsWith('thinking') ? 0 : block.type === 'tool-call' ? 2 : 1);

/** A single text without a mark is written as the string it is. */
const plain = (content: readonly Json[]): unknown =>
  content.length === 1 && content[0]?.type === 'text' && content[0].cache_control === undefined
    ? content[0].text
    : content;

/** R88: Anthropic fetches images by URL itself. */
const writeSource = (source: MediaSource): Json =>
  source.type === 'url'
    ? { type: 'url', url: source.url }
    : { type: 'base64', media_type: source.mediaType, data: source.data };
