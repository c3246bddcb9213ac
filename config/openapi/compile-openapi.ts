import type { CompiledOpenApiTool } from '../compiled-mcp.ts';
import { compileOperation, MAX_SCHEMA_BYTES, type MadeTool, type OperationContext } from './compile-operation.ts';
import { type Operation, readOperations, shortened, shownOperation, toName, unusableMethods } from './operations.ts';
import { danglingOverrides, overrideOf, type ToolOverride } from './overrides.ts';
import { OpenApiError, type OpenApiProblem } from './problem.ts';
import { readDocument } from './read-document.ts';
import { type CredentialPlace, readSecurity, type Security } from './security.ts';
import { type IncludeFilter, type OperationFilter, selectOperations } from './select-operations.ts';

export interface OpenApiOptions {
  /** The server's name in the policy: its tools' names leave room for it. */
  readonly serverName: string;
  readonly include?: IncludeFilter | undefined;
  readonly exclude?: OperationFilter | undefined;
  /** By the name of a tool or the id of an operation, in which `*` stands for anything; a later one wins. */
  readonly overrides?: Readonly<Record<string, ToolOverride>> | undefined;
  /** Write references out this deep instead of using `$defs`, for clients that can't read those. */
  readonly inlineDepth?: number | undefined;
}

export interface OpenApiTools {
  readonly tools: readonly CompiledOpenApiTool[];
  /** What was left out or changed, one line each: `GET /pets: …`. */
  readonly warnings: readonly string[];
  /** How the API wants its credential, where its document says so in a way that we can follow. */
  readonly credential?: CredentialPlace;
}

/** O12. */
const MAX_TOOLS = 300;
/** All tools ship inside the function's bundle, and are parsed when it starts. */
const MAX_TOTAL_BYTES = 1024 * 1024;
/** What the schemas of one tool may take instead, where all together are too much. */
const TIGHTER = [8 * 1024, 2 * 1024];
/** What every model provider accepts, the server's name and `__` included. */
const MAX_NAME = 64;

/**
 * Makes tools of an API's description, while the policy is compiled. Reads nothing but `text`: no file, no address.
 *
 * Shape:  `text` is OpenAPI 3.0 or 3.1 or Swagger 2.0, in JSON or YAML; tools come in the order of the document.
 * Errors: `OpenApiError` with every problem: unreadable, references that leave the document or point nowhere, filters and
 *         overrides that mean no operation, more than 300 tools, none at all.
 */
export const compileOpenApi = (text: string, options: OpenApiOptions): OpenApiTools => {
  const document = readDocument(text);
  const maxName = MAX_NAME - options.serverName.length - '__'.length;
  const operations = readOperations(document, maxName);
  const { include = {}, exclude = {}, overrides = {} } = options;
  const { selected, deprecated, problems: dangling } = selectOperations(operations, include, exclude);
  const problems: OpenApiProblem[] = [...dangling, ...danglingOverrides(operations, overrides)];
  const warnings = unusableMethods(document).map((one) => `${one}: never becomes a tool`);
  if (deprecated > 0)
    warnings.push(`${deprecated} deprecated operations are left out: include: { deprecated: true } has them`);

  const security = attempt(problems, () => readSecurity(document));
  const context = { document, security: security ?? NO_SECURITY, inlineDepth: options.inlineDepth };
  const drafts = draftTools(selected, overrides, maxName, context);
  const sizes = drafts.problems.length > 0 ? [] : [MAX_SCHEMA_BYTES, ...TIGHTER];
  let made: Made = [];
  for (const bytes of sizes) {
    made = drafts.made.map(({ make, operation }) => ({ ...make(bytes), operation }));
    if (bytesOf(made) <= MAX_TOTAL_BYTES) break;
  }
  const tools = made.map(({ tool }) => tool);
  problems.push(...drafts.problems, ...sameNames(made));
  warnings.push(
    ...drafts.warnings,
    ...made.flatMap((one) => one.warnings.map((warning) => `${shownOperation(one.operation)}: ${warning}`)),
  );
  if (tools.length > MAX_TOOLS)
    problems.push({
      at: '',
      message: `${tools.length} operations would be tools, at most ${MAX_TOOLS} are: use include`,
    });
  else if (bytesOf(made) > MAX_TOTAL_BYTES)
    problems.push({ at: '', message: 'the tools would take more than 1 MB together: use include' });
  if (problems.length === 0 && tools.length === 0)
    problems.push({ at: '', message: ['no operation is left to be a tool', ...warnings.slice(0, 5)].join('; ') });
  if (problems.length > 0) throw new OpenApiError(problems);
  const [credential] = drafts.places;
  return { tools, warnings, ...(credential === undefined ? {} : { credential }) };
};

const NO_SECURITY: Security = { carried: new Set(), of: () => ({ scopes: [], warnings: [] }) };

type Made = readonly (MadeTool & { readonly operation: Operation })[];

interface Drafts {
  readonly made: { readonly make: (schemaBytes: number) => MadeTool; readonly operation: Operation }[];
  readonly warnings: string[];
  readonly problems: OpenApiProblem[];
  readonly places: CredentialPlace[];
}

const draftTools = (
  operations: readonly Operation[],
  overrides: Readonly<Record<string, ToolOverride>>,
  maxName: number,
  context: OperationContext,
): Drafts => {
  const drafts: Drafts = { made: [], warnings: [], problems: [], places: [] };
  for (const operation of operations) {
    const override = attempt(drafts.problems, () => overrideOf(operation, overrides));
    if (override === undefined || override.hidden === true) continue;
    const named = { ...operation, name: nameOf(operation, override, maxName) };
    const compiled = attempt(drafts.problems, () => compileOperation(named, override, context));
    if (compiled?.type === 'skipped') drafts.warnings.push(`${shownOperation(operation)}: left out: ${compiled.why}`);
    if (compiled?.type !== 'tool') continue;
    drafts.made.push({ make: compiled.make, operation });
    const { place } = context.security.of(operation.operation);
    if (place !== undefined) drafts.places.push(place);
  }
  return drafts;
};

const bytesOf = (made: Made): number => Buffer.byteLength(JSON.stringify(made.map(({ tool }) => tool)));

/** Goes on after a problem, so that several are shown at once. */
const attempt = <Result>(problems: OpenApiProblem[], make: () => Result): Result | undefined => {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof OpenApiError)) throw error;
    const known = new Set(problems.map(({ at, message }) => `${at} ${message}`));
    problems.push(...error.problems.filter(({ at, message }) => !known.has(`${at} ${message}`)));
    return undefined;
  }
};

const nameOf = (operation: Operation, { name }: ToolOverride, most: number): string => {
  const written = toName(name);
  return written === undefined ? operation.name : shortened(written, most, written);
};

/** Names out of overrides can meet others: silently choosing one would route calls to the other. */
const sameNames = (made: Made): readonly OpenApiProblem[] => {
  const byName = Map.groupBy(made, ({ tool }) => String(tool.definition.name).toLowerCase());
  return [...byName.entries()]
    .filter(([, same]) => same.length > 1)
    .map(([name, same]) => ({
      at: '',
      message: `${same.map(({ operation }) => shownOperation(operation)).join(' and ')} would both be the tool ${name}`,
    }));
};
