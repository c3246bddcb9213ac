import type { CompiledOpenApiTool } from '../../../config/compiled-mcp.ts';
import type { Raw } from '../../core/mcp.ts';
import { isRaw } from '../raw.ts';
import { BadArgument } from './bad-argument.ts';

/**
 * Every argument is one that the tool has, and none that it needs is missing. What is inside a body is for the API to judge:
 * it knows its rules better than its document does, and says what is wrong.
 */
export const checkArguments = ({ definition, parameters }: CompiledOpenApiTool, args: Raw): void => {
  const schema = isRaw(definition.inputSchema) ? definition.inputSchema : {};
  const known = isRaw(schema.properties) ? Object.keys(schema.properties) : [];
  if (Object.keys(args).some((name) => !known.includes(name)))
    throw new BadArgument(
      known.length === 0 ? 'this tool takes no arguments' : `an argument is not known; there are: ${known.join(', ')}`,
    );
  const isGiven = (name: unknown): boolean => typeof name === 'string' && Object.hasOwn(args, name);
  const missing = (Array.isArray(schema.required) ? schema.required : []).filter((name) => !isGiven(name));
  const empty = parameters.filter(({ required, argument }) => required && args[argument] === null);
  const wanted = [...missing, ...empty.map(({ argument }) => argument)];
  if (wanted.length > 0) throw new BadArgument(`missing: ${wanted.join(', ')}`);
};
