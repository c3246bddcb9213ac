import type { CompiledOpenApiTool } from '../compiled-mcp.ts';
import { annotationsOf } from './annotations.ts';
import { readBody } from './body.ts';
import { createFitting } from './fitting.ts';
import { bind, compiledBody, writeInput } from './input.ts';
import { isObject, type Json, textOr } from './json.ts';
import type { Operation } from './operations.ts';
import { type Output, readOutput } from './output.ts';
import type { ToolOverride } from './overrides.ts';
import { readParameters } from './parameters.ts';
import type { OpenApiDocument } from './read-document.ts';
import type { Security } from './security.ts';
import { cleanText, hasHidden } from './text.ts';

export interface OperationContext {
  readonly document: OpenApiDocument;
  readonly security: Security;
  readonly inlineDepth: number | undefined;
}

export interface MadeTool {
  readonly tool: CompiledOpenApiTool;
  readonly warnings: readonly string[];
}

/** `make` writes the tool with schemas of at most so many bytes each, as far as that can be. */
export type Compiled =
  | { readonly type: 'tool'; make(schemaBytes: number): MadeTool }
  | { readonly type: 'skipped'; readonly why: string };

/** O12: more than this, and the tool alone fills a model's attention. */
export const MAX_SCHEMA_BYTES = 32 * 1024;

/** One operation as a tool. Errors: `OpenApiError` for what is wrong in the document; what can't be a tool is `skipped`. */
export const compileOperation = (operation: Operation, override: ToolOverride, context: OperationContext): Compiled => {
  const { document, security } = context;
  const path = safePath(operation.path);
  if (path === undefined)
    return { type: 'skipped', why: 'its path has empty or dotted segments, a query or a fragment' };
  const parameters = readParameters(document, {
    path: operation.path,
    pathItem: operation.pathItem,
    pathItemAt: operation.pathItemAt,
    operation: operation.operation,
    operationAt: operation.at,
    secured: security.carried,
    cookies: override.cookies ?? [],
  });
  if (parameters.impossible !== undefined) return { type: 'skipped', why: parameters.impossible };
  const ignoresBody = operation.method === 'get' || operation.method === 'head'; // RFC 9110 §9.3.1
  const body = ignoresBody ? undefined : readBody(document, operation.operation, operation.at);
  if (body !== undefined && 'impossible' in body) return { type: 'skipped', why: body.impossible };
  const secured = security.of(operation.operation);

  const bound = bind(parameters.parameters, body);
  const { inlineDepth } = context;
  const input = createFitting((detail) => writeInput(bound, document, inlineDepth, detail));
  const output = createFitting((detail) =>
    readOutput(document, operation.operation, operation.at, { detail, inlineDepth }),
  );
  output(MAX_SCHEMA_BYTES); // Now, while a problem is still this operation's.
  if (input(MAX_SCHEMA_BYTES).bytes > MAX_SCHEMA_BYTES)
    return { type: 'skipped', why: 'its arguments are more than 32 kB of schema' };

  const warnings = [
    ...parameters.warnings,
    ...secured.warnings,
    ...(ignoresBody && operation.operation.requestBody !== undefined
      ? ['its body is left out: its method has none']
      : []),
    ...(hasHidden(described(operation)) ? ['its description has characters that people can not see: left out'] : []),
    ...serverWarning(operation),
  ];
  const make = (schemaBytes: number): MadeTool => {
    const { written, detail } = input(schemaBytes);
    const promised = promise(output(schemaBytes));
    return {
      tool: {
        definition: definitionOf(operation, override, written, promised),
        method: operation.method.toUpperCase(),
        path,
        parameters: bound.parameters.map(({ argument, read }) => ({ argument, ...read.binding })),
        ...(body === undefined ? {} : { body: compiledBody(body, bound) }),
        wrapped: promised.wrapped,
        scopes: override.scopes ?? secured.scopes,
        upstreamScopes: secured.scopes,
      },
      warnings:
        detail === 0 ? warnings : [...warnings, 'its arguments are long: what lies deeper is described in less detail'],
    };
  };
  return { type: 'tool', make };
};

/** Without its schema where even the least of it is too much: promising nothing is always true. */
const promise = ({ written, bytes }: { readonly written: Output; readonly bytes: number }): Output => {
  const { schema: _, ...unsaid } = written;
  return bytes > MAX_SCHEMA_BYTES ? unsaid : written;
};

/** `undefined` where the path would not arrive as it is written. */
const safePath = (path: string): string | undefined => {
  if (!path.startsWith('/') || /[?#\\\s]|\/\/|%/.test(path)) return undefined;
  if (path.split('/').some((segment) => segment === '.' || segment === '..' || /^\.\.?;/.test(segment)))
    return undefined;
  // What stands in braces is a name, not part of the path.
  return path.replace(/\{[^{}]*\}|[^A-Za-z0-9\-._~!$&'()*+,;=:@/]+/g, (text) =>
    text.startsWith('{') && text.endsWith('}') ? text : encodeURIComponent(text.toWellFormed()),
  );
};

const described = ({ operation }: Operation): string =>
  `${textOr(operation.summary) ?? ''} ${textOr(operation.description) ?? ''}`;

const definitionOf = (operation: Operation, override: ToolOverride, inputSchema: Json, output: Output): Json => {
  const summary = textOr(operation.operation.summary);
  const title = override.title ?? summary;
  const description =
    [override.description, textOr(operation.operation.description), summary].find((one) => one?.trim()) ??
    `${operation.method.toUpperCase()} ${operation.path}`;
  return {
    name: operation.name,
    ...(title === undefined || cleanText(title) === '' ? {} : { title: cleanText(title, 128) }),
    description: cleanText(description),
    inputSchema,
    ...(output.schema === undefined ? {} : { outputSchema: output.schema }),
    annotations: { ...annotationsOf(operation.method), ...override.annotations },
  };
};

/** O9: where a credential goes is the policy's word, never the document's. */
const serverWarning = ({ operation, pathItem }: Operation): readonly string[] =>
  [operation.servers, pathItem.servers].some((servers) => Array.isArray(servers) && servers.some(isObject))
    ? ['it names servers of its own, which are not used: every call goes to baseUrl']
    : [];
