import type * as z from 'zod';
import { acceptedKeys } from './accepted-keys.ts';
import { hint, nearest } from './nearest.ts';
import { type Finding, type Path, showPath } from './problem.ts';
import { gatewayConfigSchema } from './schema.ts';
import { looksSecret } from './secrets.ts';
import { isMap, valueAt } from './select.ts';

type Issue = z.core.$ZodIssue;

/** The text at a path as it stands in the file, if the environment changed it. */
export type Written = (path: Path) => string | undefined;

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'a map',
  record: 'a map',
  array: 'a list',
  boolean: 'true or false',
  number: 'a number',
  int: 'a whole number',
};

const place = (path: Path): string => (path.length === 0 ? 'at the top' : `in ${showPath(path)}`);

/** Where people may have pasted a key by mistake. */
const mayHoldKey = (path: Path): boolean => path[0] === 'credentials' || path[1] === 'apiKeys';

/** How a wrong value is named: never a secret, never what the environment put there. */
const show = (value: unknown, written: string | undefined): string => {
  if (written !== undefined) return `the value of ${written}`;
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (isMap(value)) return 'a map';
  if (typeof value !== 'string') return String(value);
  if (looksSecret(value)) return 'something that looks like a secret and is not shown';
  if (/\/\/[^/]*@/.test(value)) return 'a URL with a user in it, which is not shown';
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
};

const oneOf = (values: readonly unknown[]): string =>
  values.length === 1 ? String(values[0]) : `one of ${values.map(String).join(', ')}`;

const valuesOf = (issue: Issue): readonly unknown[] => {
  if (issue.code === 'invalid_value') return issue.values;
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)) return issue.options;
  return [];
};

const expected = (issue: Issue): string => {
  const values = valuesOf(issue);
  if (values.length > 0) return oneOf(values);
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid'))
    return KINDS[issue.expected] ?? issue.expected;
  return issue.message;
};

/** The member of a union that was most likely meant: the one with the fewest complaints, wrong kinds of value last. */
const likeliest = (errors: readonly (readonly Issue[])[]): readonly Issue[] => {
  const cost = (issues: readonly Issue[]): number =>
    issues.reduce((sum, issue) => {
      if (issue.path.length === 0 && issue.code === 'invalid_type') return sum + 100;
      return sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1);
    }, 0);
  return [...errors].sort((a, b) => cost(a) - cost(b))[0] ?? [];
};

const findingsOf = (issue: Issue, at: Path, root: unknown, written: Written): Finding[] => {
  const path = [...at, ...(issue.path as Path)];
  if (issue.code === 'unrecognized_keys') {
    const accepted = acceptedKeys(gatewayConfigSchema, root, path);
    return issue.keys.map((key): Finding => {
      // Another kind of the same thing has it.
      if (accepted.includes(key))
        return { path: [...path, key], at: 'key', message: `${key} does not go with the other keys ${place(path)}` };
      const meant = nearest(key, accepted);
      const shown = looksSecret(key) ? '(not shown: it looks like a secret)' : key;
      return {
        path: [...path, key],
        at: 'key',
        message: `unknown key ${shown} ${place(path)}${hint(key, accepted)}`,
        ...(meant === undefined ? {} : { meant }),
      };
    });
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const members = issue.errors.filter(
      (errors) => !errors.every((error) => error.path.length === 0 && error.code === 'invalid_type'),
    );
    if (members.length > 0) return likeliest(members).flatMap((inner) => findingsOf(inner, path, root, written));
    const kinds = [...new Set(issue.errors.flatMap((errors) => errors.slice(0, 1).map(expected)))].join(', or ');
    return [
      {
        path,
        at: 'value',
        message: `${showPath(path)}: expected ${kinds}, found ${show(valueAt(root, path), written(path))}`,
      },
    ];
  }
  if (issue.code === 'invalid_key') {
    const [reason] = issue.issues;
    const key = String(path.at(-1));
    return [
      {
        path,
        at: 'key',
        message: `${looksSecret(key) ? 'a key that looks like a secret' : key} ${place(path.slice(0, -1))}: expected ${reason?.message ?? 'a name'}`,
      },
    ];
  }

  const key = path.at(-1);
  const value = valueAt(root, path);
  if (value === undefined && typeof key === 'string') {
    const slip = issue.code === 'invalid_union' ? slipOf(key, valueAt(root, path.slice(0, -1))) : undefined;
    if (slip !== undefined)
      return [
        {
          path: [...path.slice(0, -1), slip],
          at: 'key',
          message: `unknown key ${slip} ${place(path.slice(0, -1))}; did you mean ${key}?`,
          meant: key,
        },
      ];
    return [
      {
        path: path.slice(0, -1),
        at: 'key',
        message: `missing key ${key} ${place(path.slice(0, -1))}: expected ${expected(issue)}`,
      },
    ];
  }
  const values = valuesOf(issue).filter((one) => typeof one === 'string');
  const near = typeof value === 'string' ? nearest(value, values) : undefined;
  const found = mayHoldKey(path) && typeof value === 'string' ? 'text, which is not shown' : show(value, written(path));
  return [
    {
      path,
      at: 'value',
      message: `${path.length === 0 ? 'the file' : showPath(path)}: expected ${expected(issue)}, found ${found}${near === undefined ? '' : `; did you mean ${near}?`}`,
    },
  ];
};

/** Without the key that tells its kind nothing else of a map is judged: here it may be one that is misspelt. */
const slipOf = (key: string, map: unknown): string | undefined =>
  isMap(map) ? Object.keys(map).find((one) => !looksSecret(one) && nearest(one, [key]) === key) : undefined;

/** What the schema has against a policy. */
export const schemaFindings = (root: unknown, written: Written): readonly Finding[] => {
  const parsed = gatewayConfigSchema.safeParse(root);
  return parsed.success ? [] : parsed.error.issues.flatMap((issue) => findingsOf(issue, [], root, written));
};
