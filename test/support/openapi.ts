import type { CompiledOpenApiTool } from '../../config/compiled-mcp.ts';
import { compileOpenApi, type OpenApiOptions, type OpenApiTools } from '../../config/openapi/compile-openapi.ts';

type Json = Readonly<Record<string, unknown>>;

const OK = { 200: { description: 'fine' } };

/** A document around what a test is about. Operations get answers if they have none. */
export const documentOf = (paths: Json, rest: Json = {}): string =>
  JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'Test', version: '1' },
    paths: Object.fromEntries(
      Object.entries(paths).map(([path, item]) => [
        path,
        Object.fromEntries(
          Object.entries(item as Json).map(([method, operation]) => [
            method,
            Array.isArray(operation) || typeof operation !== 'object' ? operation : { responses: OK, ...operation },
          ]),
        ),
      ]),
    ),
    ...rest,
  });

export const compileText = (text: string, options: Partial<OpenApiOptions> = {}): OpenApiTools =>
  compileOpenApi(text, { serverName: 'api', ...options });

export const compile = (paths: Json, rest: Json = {}, options: Partial<OpenApiOptions> = {}): OpenApiTools =>
  compileText(documentOf(paths, rest), options);

/** The one tool that one operation becomes. */
export const toolOf = (
  operation: Json,
  rest: Json = {},
  at: { path?: string; method?: string } = {},
): CompiledOpenApiTool => {
  const { path = '/things', method = 'get' } = at;
  const [tool] = compile({ [path]: { [method]: operation } }, rest).tools;
  if (tool === undefined) throw new Error('no tool');
  return tool;
};

export const inputOf = ({ definition }: CompiledOpenApiTool) =>
  definition.inputSchema as { properties: Record<string, Json>; required?: string[]; $defs?: Record<string, Json> };

export const bodyOf = (schema: Json, type = 'application/json'): Json => ({
  requestBody: { required: true, content: { [type]: { schema } } },
});

/** The lines of what is thrown. */
export const problemsOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was thrown';
};
