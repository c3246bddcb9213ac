import type { CatalogTool, Raw } from '../../../../lambda/core/mcp.ts';

/** A tool whose parameters are strings with these descriptions. */
export const tool = (
  target: string,
  name: string,
  description: string,
  parameters: Readonly<Record<string, string>> = {},
  more: Raw = {},
): CatalogTool => ({
  target,
  name,
  exposedName: `${target}__${name}`,
  definition: {
    name,
    description,
    inputSchema: {
      type: 'object',
      properties: Object.fromEntries(
        Object.entries(parameters).map(([parameter, about]) => [parameter, { type: 'string', description: about }]),
      ),
    },
    ...more,
  },
  list: [],
});
