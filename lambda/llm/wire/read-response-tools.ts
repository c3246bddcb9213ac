import type { Tool, ToolChoice } from '../../core/llm.ts';
import { arrayAt, invalid, isObject, type Json, objectAt, oneOf, optionalString, present, stringAt } from './fields.ts';
import type { Lost } from './lost.ts';

/** Functions in their flat form; every other kind of tool is OpenAI's own. */
export const readResponseTools = (body: Json): { tools: readonly Tool[]; foreignTools: readonly string[] } => {
  const listed = body.tools === undefined || body.tools === null ? [] : arrayAt(body.tools, 'tools');
  const tools: Tool[] = [];
  const foreignTools: string[] = [];
  listed.forEach((raw, index) => {
    const tool = objectAt(raw, `tools[${index}]`);
    const type = stringAt(tool.type, `tools[${index}].type`);
    if (type === 'function') tools.push(readFunction(tool, `tools[${index}]`));
    else foreignTools.push(type);
  });
  const allowed = allowedNames(body.tool_choice);
  const kept = tools.filter(({ name }) => allowed.has(name));
  return { tools: kept.length === 0 ? tools : kept, foreignTools };
};

const readFunction = (tool: Json, at: string): Tool => {
  const name = stringAt(tool.name, `${at}.name`);
  if (name === '') throw invalid(`${at}.name`, 'expected a name');
  return {
    name,
    ...present({
      description: optionalString(tool, 'description'),
      parameters:
        tool.parameters === undefined || tool.parameters === null
          ? undefined
          : objectAt(tool.parameters, `${at}.parameters`),
      strict: tool.strict === true ? true : undefined,
    }),
  };
};

/** R33: `allowed_tools` narrows the list; where it would leave nothing it is not meant. */
const allowedNames = (choice: unknown): Set<unknown> => {
  if (!isObject(choice) || choice.type !== 'allowed_tools' || !Array.isArray(choice.tools)) return new Set();
  return new Set(choice.tools.filter(isObject).map(({ name }) => name));
};

/** R27. A choice of one of OpenAI's own tools is lost with the tool. */
export const readResponseToolChoice = (
  body: Json,
  tools: readonly Tool[],
  hasForeign: boolean,
  lost: Lost,
): ToolChoice | undefined => {
  const choice = body.tool_choice;
  if (choice === undefined || choice === null) return undefined;
  if (typeof choice === 'string') return { type: oneOf(choice, 'tool_choice', ['auto', 'none', 'required']) };
  const wanted = objectAt(choice, 'tool_choice');
  if (wanted.type === 'allowed_tools') return { type: wanted.mode === 'required' ? 'required' : 'auto' };
  if (wanted.type !== 'function') {
    lost.add('tool_choice');
    return undefined;
  }
  const name = stringAt(wanted.name, 'tool_choice.name');
  if (tools.some((tool) => tool.name === name)) return { type: 'tool', name };
  // It may be inside a tool that groups others.
  if (!hasForeign) throw invalid('tool_choice.name', 'expected the name of one of tools');
  lost.add('tool_choice');
  return undefined;
};
