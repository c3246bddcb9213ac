import type { LlmRequest, Message, Tool } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';
import { toAnthropicSchema } from './anthropic-schema.ts';
import { MAX_NAME } from './bedrock-content.ts';
import type { BedrockFacts } from './bedrock-facts.ts';
import { originalNames, safeName } from './names.ts';
import type { Json } from './provider.ts';

export interface WrittenTools {
  readonly toolConfig?: Json;
  /** Claude's own form of the choice, for what Converse has no words for. Never beside `toolChoice`: that is a conflict there. */
  readonly toolChoice?: Json;
}

export interface ToolRules {
  readonly prompt: LlmRequest;
  /** As they are sent. */
  readonly messages: readonly Message[];
  readonly facts: BedrockFacts;
  /** Stands in for a JSON schema, and is forced (R67). */
  readonly jsonTool: Tool | undefined;
  readonly point: (tool: Tool) => readonly Json[];
}

/** `toolConfig`, and what of the choice belongs elsewhere. Source: Amazon Bedrock API reference, `ToolConfiguration`. */
export const writeTools = (rules: ToolRules, dropped: Set<string>): WrittenTools => {
  const { prompt, messages, facts, jsonTool } = rules;
  const seen = calledNames(messages);
  if (jsonTool !== undefined) return forced([...rebuilt(seen), jsonTool], jsonTool, rules, dropped);
  if (prompt.tools.length === 0) return seen.length === 0 ? {} : configured(rebuilt(seen), rules, dropped); // R25, R30
  if (prompt.toolChoice?.type === 'none') {
    if (seen.length === 0) return {};
    dropped.add('tool_choice'); // R28: the tools have to stay, and nothing else keeps the model from calling them.
    return configured(prompt.tools, rules, dropped);
  }
  const { toolChoice: choice } = prompt;
  if (choice?.type === 'tool') {
    const tool = prompt.tools.find(({ name }) => name === choice.name);
    if (tool !== undefined) return forced(prompt.tools, tool, rules, dropped);
    throw new Refusal('invalid_request', {}, { param: 'tool_choice', expected: 'the name of one of tools' });
  }
  if (choice?.type !== 'required') return chosen('auto', rules, dropped);
  if (facts.choices !== 'none') return chosen('any', rules, dropped);
  dropped.add('tool_choice'); // R29
  return chosen('auto', rules, dropped);
};

/** What the model may call, as it knows the names → as the caller does. */
export const toolNames = ({ tools, messages }: LlmRequest): ReadonlyMap<string, string> =>
  originalNames([...calledNames(messages), ...tools.map(({ name }) => name)], MAX_NAME);

const calledNames = (messages: readonly Message[]): readonly string[] => [
  ...new Set(messages.flatMap(({ content }) => content.flatMap((b) => (b.type === 'tool-call' ? [b.name] : [])))),
];

/** R25: tool calls in the history need specs, also when the caller sent none. */
const rebuilt = (names: readonly string[]): readonly Tool[] => names.map((name) => ({ name }));

/** One tool and no other: named where the model takes that, the only one where it takes `any` (R29). */
const forced = (tools: readonly Tool[], tool: Tool, rules: ToolRules, dropped: Set<string>): WrittenTools => {
  const name = safeName(tool.name, MAX_NAME);
  const { choices } = rules.facts;
  if (choices === 'none') dropped.add('tool_choice');
  if (rules.jsonTool === undefined && isSerial(rules, dropped)) {
    const choice = choices === 'none' ? { type: 'auto' } : { type: 'tool', name };
    return { ...configured(tools, rules, dropped), toolChoice: serial(choice) };
  }
  if (choices === 'any') return configured([tool], rules, dropped, { any: {} });
  return configured(tools, rules, dropped, choices === 'none' ? undefined : { tool: { name } });
};

const chosen = (choice: 'auto' | 'any', rules: ToolRules, dropped: Set<string>): WrittenTools => {
  const { prompt, facts } = rules;
  if (isSerial(rules, dropped)) {
    return { ...configured(prompt.tools, rules, dropped), toolChoice: serial({ type: choice }) };
  }
  const said = prompt.toolChoice !== undefined && facts.choices !== 'none';
  return configured(prompt.tools, rules, dropped, said ? { [choice]: {} } : undefined);
};

const serial = (choice: Json): Json => ({ ...choice, disable_parallel_tool_use: true });

/** R32: only Claude can be told to call one tool at a time, and only by its own field, from version 4.5 on. */
const isSerial = ({ prompt, facts }: ToolRules, dropped: Set<string>): boolean => {
  if (prompt.parallelToolCalls !== false) return false;
  const can = facts.claude?.jsonSchema === true;
  if (!can) dropped.add('parallel_tool_calls');
  return can;
};

const configured = (
  tools: readonly Tool[],
  { facts, point }: ToolRules,
  dropped: Set<string>,
  toolChoice?: Json,
): WrittenTools => {
  if (tools.some(({ strict }) => strict === true) && !facts.jsonSchema) dropped.add('strict'); // R23
  return {
    toolConfig: {
      tools: tools.flatMap((tool) => [writeTool(tool, facts), ...point(tool)]),
      ...(toolChoice === undefined ? {} : { toolChoice }),
    },
  };
};

/** R15–R18, R21. An empty description is an error (R17). */
const writeTool = ({ name, description, parameters, strict }: Tool, facts: BedrockFacts): Json => {
  const isStrict = strict === true && facts.jsonSchema;
  const schema: Json = { properties: {}, ...parameters, type: 'object' };
  return {
    toolSpec: {
      name: safeName(name, MAX_NAME),
      ...(description === undefined || description.trim() === '' ? {} : { description }),
      inputSchema: { json: isStrict ? toAnthropicSchema(schema).schema : schema },
      ...(isStrict ? { strict: true } : {}),
    },
  };
};
