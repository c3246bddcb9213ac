import { matchesGlob } from '../model-glob.ts';
import { hint } from '../nearest.ts';
import type { Operation } from './operations.ts';
import type { OpenApiProblem } from './problem.ts';

/** Which operations: in `include` every kind that is given has to match, in `exclude` any one is enough. */
export interface OperationFilter {
  readonly tags?: readonly string[] | undefined;
  /** Globs over the name of the tool, or the operation's id. */
  readonly operations?: readonly string[] | undefined;
  /** Globs over the path as in the document: `/admin/*`. */
  readonly paths?: readonly string[] | undefined;
  readonly methods?: readonly string[] | undefined;
}

export interface IncludeFilter extends OperationFilter {
  /** Deprecated operations are left out unless this says otherwise. */
  readonly deprecated?: boolean | undefined;
}

const KINDS = {
  tags: (operation, tag) => operation.tags.includes(tag),
  operations: (operation, glob) => isNamed(operation, glob),
  paths: (operation, glob) => matchesGlob(glob, operation.path),
  methods: (operation, method) => operation.method === method.toLowerCase(),
} as const satisfies Record<keyof OperationFilter, (operation: Operation, value: string) => boolean>;

/** Whether a glob of the policy means the operation. */
export const isNamed = ({ name, operationId }: Operation, glob: string): boolean =>
  matchesGlob(glob, name) || (operationId !== undefined && matchesGlob(glob, operationId));

const entriesOf = (filter: OperationFilter) =>
  (Object.keys(KINDS) as (keyof OperationFilter)[]).flatMap((kind) => {
    const values = filter[kind];
    return values === undefined ? [] : [{ kind, values }];
  });

export const selectOperations = (
  operations: readonly Operation[],
  include: IncludeFilter,
  exclude: OperationFilter,
): {
  readonly selected: readonly Operation[];
  readonly deprecated: number;
  readonly problems: readonly OpenApiProblem[];
} => {
  const wanted = entriesOf(include);
  const unwanted = entriesOf(exclude);
  const meant = operations.filter(
    (operation) =>
      wanted.every(({ kind, values }) => values.some((value) => KINDS[kind](operation, value))) &&
      !unwanted.some(({ kind, values }) => values.some((value) => KINDS[kind](operation, value))),
  );
  const selected = meant.filter(({ deprecated }) => !deprecated || include.deprecated === true);
  return {
    selected,
    deprecated: meant.length - selected.length,
    problems: [...dangling(operations, 'include', wanted), ...dangling(operations, 'exclude', unwanted)],
  };
};

/** An entry that means nothing is a mistake, and in `exclude` a dangerous one. */
const dangling = (
  operations: readonly Operation[],
  name: string,
  entries: ReturnType<typeof entriesOf>,
): readonly OpenApiProblem[] =>
  entries.flatMap(({ kind, values }) =>
    values
      .filter((value) => !operations.some((operation) => KINDS[kind](operation, value)))
      .map((value) => ({
        at: `${name}.${kind}`,
        message: `no operation matches ${value}${near(operations, kind, value)}`,
      })),
  );

const near = (operations: readonly Operation[], kind: keyof OperationFilter, value: string): string => {
  const there = {
    tags: operations.flatMap(({ tags }) => tags),
    operations: operations.map(({ name }) => name),
    paths: operations.map(({ path }) => path),
    methods: operations.map(({ method }) => method),
  }[kind];
  const different = [...new Set(there)];
  return different.length > 20 ? '' : hint(value, different, 'there are');
};
