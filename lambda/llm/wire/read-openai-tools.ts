import type { Tool, ToolChoice } from '../../core/llm.ts';
import { arrayAt, invalid, isObject, type Json, objectAt, oneOf, optionalString, present, stringAt } from './fields.ts';
import { cacheOf } from './read-openai-content.ts';

export const readTools = (body: Json): { tools: Tool[]; foreignTools: string[] } => {
  const listed = body.tools === undefined || body.tools === null ? [] : arrayAt(body.tools, 'tools');
  if (body.functions !== undefined && body.functions !== null)
    throw invalid('functions', 'expected tools: the older functions are not supported');
  const tools: Tool[] = [];
  const foreignTools: string[] = [];
  listed.forEach((raw, index) => {
    const at = `tools[${index}]`;
    const tool = objectAt(raw, at);
    const type = stringAt(tool.type ?? 'function', `${at}.type`);
    if (type === 'function') tools.push(readFunction(tool, at));
    else foreignTools.push(type);
  });
  const allowed = allowedTools(body);
  const kept = tools.filter((tool) => allowed.size === 0 || allowed.has(tool.name));
  return { tools: kept.length === 0 ? tools : kept, foreignTools };
};

/** R33: `allowed_tools` narrows the list; where it would leave nothing it is not meant. */
const allowedTools = (body: Json): Set<unknown> => {
  const choice =
    isObject(body.tool_choice) && isObject(body.tool_choice.allowed_tools)
      ? body.tool_choice.allowed_tools.tools
      : undefined;
  if (!Array.isArray(choice)) return new Set();
  return new Set(choice.filter(isObject).map((tool) => (isObject(tool.function) ? tool.function.name : undefined)));
};

const readFunction = (tool: Json, at: string): Tool => {
  const fn = objectAt(tool.function, `${at}.function`);
  const name = stringAt(fn.name, `${at}.function.name`);
  if (name === '') throw invalid(`${at}.function.name`, 'expected a name');
  return {
    name,
    ...present({
      description: optionalString(fn, 'description'),
      parameters:
        fn.parameters === undefined || fn.parameters === null
          ? undefined
          : objectAt(fn.parameters, `${at}.function.parameters`),
      strict: fn.strict === true ? true : undefined,
    }),
    ...cacheOf(tool),
  };
};

/** `foreign`: a choice among tools that only OpenAI has. */
export const readToolChoice = (body: Json, tools: readonly Tool[]): ToolChoice | 'foreign' | undefined => {
  const choice = body.tool_choice;
  if (choice === undefined || choice === null) return undefined;
  if (typeof choice === 'string') return { type: oneOf(choice, 'tool_choice', ['auto', 'none', 'required']) };
  const wanted = objectAt(choice, 'tool_choice');
  if (wanted.type === 'allowed_tools') return readAllowedTools(wanted);
  if (wanted.type !== undefined && wanted.type !== 'function') return 'foreign';
  const fn = objectAt(wanted.function, 'tool_choice.function');
  const name = stringAt(fn.name, 'tool_choice.function.name');
  if (!tools.some((tool) => tool.name === name))
    throw invalid('tool_choice.function.name', 'expected the name of one of tools');
  return { type: 'tool', name };
};

/** R33: the mode here; which tools remain is for `allowedTools` to say. */
const readAllowedTools = (wanted: Json): ToolChoice => {
  const inner = isObject(wanted.allowed_tools) ? wanted.allowed_tools : {};
  return { type: inner.mode === 'required' ? 'required' : 'auto' };
};
