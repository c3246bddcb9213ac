import type { LlmRequest, Tool, ToolChoice } from '../../core/llm.ts';
import {
  arrayAt,
  invalid,
  isObject,
  isSet,
  type Json,
  objectAt,
  oneOf,
  optionalString,
  present,
  stringAt,
} from './fields.ts';
import type { Lost } from './lost.ts';
import { readCacheMark } from './read-anthropic-blocks.ts';

/** R15, R22: the caller's own tools; those that Anthropic runs, by their type. */
export const readAnthropicTools = (body: Json, lost: Lost): { tools: Tool[]; foreignTools: string[] } => {
  const tools: Tool[] = [];
  const foreignTools: string[] = [];
  const listed = isSet(body.tools) ? arrayAt(body.tools, 'tools') : [];
  for (const [index, raw] of listed.entries()) {
    const at = `tools[${index}]`;
    const tool = objectAt(raw, at);
    const type = stringAt(tool.type ?? 'custom', `${at}.type`);
    if (type === 'custom') tools.push(readTool(tool, at, lost));
    else foreignTools.push(type.slice(0, 64));
  }
  return { tools, foreignTools };
};

const FIELDS = new Set(['type', 'name', 'description', 'input_schema', 'strict', 'cache_control']);

/** R18, R20: the schema whole, and its own `type` with it. */
const readTool = (tool: Json, at: string, lost: Lost): Tool => {
  const name = stringAt(tool.name, `${at}.name`);
  if (name === '') throw invalid(`${at}.name`, 'expected a name');
  const parameters = objectAt(tool.input_schema, `${at}.input_schema`);
  lost.rest('tools', tool, FIELDS);
  return {
    name,
    ...present({ description: optionalString(tool, 'description') }),
    parameters,
    ...(tool.strict === true ? { strict: true } : {}),
    ...readCacheMark(tool),
  };
};

const CHOICES: Readonly<Record<'auto' | 'any' | 'none', ToolChoice>> = {
  auto: { type: 'auto' },
  any: { type: 'required' },
  none: { type: 'none' },
};

/** R27, R32. A choice of a tool that only Anthropic runs goes where the tool goes (R30). */
export const readAnthropicToolChoice = (
  body: Json,
  tools: readonly Tool[],
  lost: Lost,
): { toolChoice: ToolChoice | undefined; parallelToolCalls: LlmRequest['parallelToolCalls'] } => {
  if (!isSet(body.tool_choice)) return { toolChoice: undefined, parallelToolCalls: undefined };
  const choice = objectAt(body.tool_choice, 'tool_choice');
  const parallelToolCalls = choice.disable_parallel_tool_use === true ? false : undefined;
  const type = oneOf(choice.type, 'tool_choice.type', ['auto', 'any', 'tool', 'none']);
  if (type !== 'tool') return { toolChoice: CHOICES[type], parallelToolCalls };
  const name = stringAt(choice.name, 'tool_choice.name');
  if (tools.some((tool) => tool.name === name)) return { toolChoice: { type, name }, parallelToolCalls };
  const isForeign = Array.isArray(body.tools) && body.tools.some((tool) => isObject(tool) && tool.name === name);
  if (!isForeign) throw invalid('tool_choice.name', 'expected the name of one of tools');
  lost.add('tool_choice');
  return { toolChoice: undefined, parallelToolCalls };
};
