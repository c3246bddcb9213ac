import { hint } from '../nearest.ts';
import { isObject, type Json } from './json.ts';
import type { Operation } from './operations.ts';
import { type OpenApiProblem, problem } from './problem.ts';
import { isNamed } from './select-operations.ts';

/** What a policy, or a document by `x-mcp-<key>`, says of one tool in place of what would be made of it (O1). */
export interface ToolOverride {
  readonly name?: string | undefined;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly hidden?: boolean | undefined;
  /** Scopes that a caller needs, in place of those of the document's security. */
  readonly scopes?: readonly string[] | undefined;
  readonly annotations?: ToolAnnotations | undefined;
  /** Cookies of the operation that become arguments. */
  readonly cookies?: readonly string[] | undefined;
}

export interface ToolAnnotations {
  readonly title?: string | undefined;
  readonly readOnlyHint?: boolean | undefined;
  readonly destructiveHint?: boolean | undefined;
  readonly idempotentHint?: boolean | undefined;
  readonly openWorldHint?: boolean | undefined;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';
const isFlag = (value: unknown): boolean => typeof value === 'boolean';
const isScopes = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => /^[\x21\x23-\x5B\x5D-\x7E]+$/.test(String(one)));

const ANNOTATIONS = new Map([
  ['title', isText],
  ['readOnlyHint', isFlag],
  ['destructiveHint', isFlag],
  ['idempotentHint', isFlag],
  ['openWorldHint', isFlag],
]);

const isAnnotations = (value: unknown): boolean =>
  isObject(value) && Object.entries(value).every(([key, one]) => ANNOTATIONS.get(key)?.(one) === true);

/** Cookies are not among them: only the operator opens those (O8). */
const EXTENSIONS = new Map<string, { readonly isRight: (value: unknown) => boolean; readonly expected: string }>([
  ['name', { isRight: isText, expected: 'a name' }],
  ['title', { isRight: isText, expected: 'a text' }],
  ['description', { isRight: isText, expected: 'a text' }],
  ['hidden', { isRight: isFlag, expected: 'true or false' }],
  ['scopes', { isRight: isScopes, expected: 'a list of scopes' }],
  ['annotations', { isRight: isAnnotations, expected: [...ANNOTATIONS.keys()].join(', ') }],
]);

const PREFIX = 'x-mcp-';

/** What the document's own extensions say. Errors: `OpenApiError` for an extension we don't have or a value of the wrong kind. */
export const readExtensions = (operation: Json, at: string): ToolOverride => {
  const found = Object.entries(operation).filter(([key]) => key.startsWith(PREFIX));
  for (const [key, value] of found) {
    const extension = EXTENSIONS.get(key.slice(PREFIX.length));
    const known = [...EXTENSIONS.keys()].map((name) => `${PREFIX}${name}`);
    if (extension === undefined) throw problem(`${at}/${key}`, `unknown extension ${key}${hint(key, known)}`);
    if (!extension.isRight(value)) throw problem(`${at}/${key}`, `expected ${extension.expected}`);
  }
  return Object.fromEntries(found.map(([key, value]) => [key.slice(PREFIX.length), value]));
};

type Overrides = Readonly<Record<string, ToolOverride>>;

/** The document's word, then the policy's, in the order in which they are written: the last one counts. */
export const overrideOf = (operation: Operation, overrides: Overrides): ToolOverride => {
  const said = [
    readExtensions(operation.operation, operation.at),
    ...Object.entries(overrides)
      .filter(([glob]) => isNamed(operation, glob))
      .map(([, override]) => override),
  ];
  const annotations: ToolAnnotations = Object.assign({}, ...said.map((one) => one.annotations));
  const override: ToolOverride = Object.assign({}, ...said);
  return Object.keys(annotations).length === 0 ? override : { ...override, annotations };
};

export const danglingOverrides = (operations: readonly Operation[], overrides: Overrides): readonly OpenApiProblem[] =>
  Object.keys(overrides)
    .filter((glob) => !operations.some((operation) => isNamed(operation, glob)))
    .map((glob) => ({
      at: `overrides.${glob}`,
      message: `no operation has this name${
        operations.length > 20
          ? ''
          : hint(
              glob,
              operations.map(({ name }) => name),
              'there are',
            )
      }`,
    }));
