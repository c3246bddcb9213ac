import type { Path } from './problem.ts';

export interface Selected {
  readonly path: Path;
  readonly value: unknown;
}

export const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const childrenOf = ({ path, value }: Selected): Selected[] => {
  if (Array.isArray(value)) return value.map((item, index) => ({ path: [...path, index], value: item }));
  if (isMap(value)) return Object.entries(value).map(([key, item]) => ({ path: [...path, key], value: item }));
  return [];
};

const childAt = ({ path, value }: Selected, key: string): Selected[] =>
  isMap(value) && Object.hasOwn(value, key) ? [{ path: [...path, key], value: value[key] }] : [];

/**
 * Every value at a place such as `llm.routes.*.rateLimits.*.per.*`, where `*` is any key or index. Takes what is there and
 * asks nothing of the rest, so that it also works on a policy with mistakes in it.
 */
export const select = (root: unknown, place: string): readonly Selected[] =>
  place
    .split('.')
    .reduce<Selected[]>(
      (found, part) => found.flatMap((one) => (part === '*' ? childrenOf(one) : childAt(one, part))),
      [{ path: [], value: root }],
    );

export const selectText = (root: unknown, place: string): readonly (Selected & { readonly value: string })[] =>
  select(root, place).filter((one): one is Selected & { readonly value: string } => typeof one.value === 'string');

/** The names of a map: `namesAt(root, 'llm.providers')`. */
export const namesAt = (root: unknown, place: string): readonly string[] =>
  select(root, place).flatMap(({ value }) => (isMap(value) ? Object.keys(value) : []));

export const valueAt = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, part) =>
      (isMap(value) || Array.isArray(value)) && Object.hasOwn(value, part)
        ? (value as Record<string | number, unknown>)[part]
        : undefined,
    root,
  );
