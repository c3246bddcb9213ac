/** Where something stands in the policy: keys of maps and indices of lists, from the top. */
export type Path = readonly (string | number)[];

/** What is wrong, before anybody knows the line. */
export interface Finding {
  readonly path: Path;
  /** Whether the key or its value is at fault. */
  readonly at: 'key' | 'value';
  readonly message: string;
  /** Characters into the value, where that is known: the place in an expression. */
  readonly offset?: number;
  /** The key that an unknown one was probably meant to be. */
  readonly meant?: string;
}

/** Something wrong at a place, which the message begins with. */
export const finding = (path: Path, message: string, at: Finding['at'] = 'value'): Finding => ({
  path,
  at,
  message: `${showPath(path)}: ${message}`,
});

/** What is wrong, for a person with an editor. Lines and columns count from 1. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  /** As in `llm.routes./openai.authorization.require[0]`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}

/** `problem` as one line: `gateway.yaml:35:3: unknown key rateLimit in defaults; did you mean rateLimits?` */
export const toLine = (file: string, { line, column, message }: Problem): string =>
  `${file}:${line}:${column}: ${message}`;

/** A policy that can't be used. The message is every problem, one a line, in the order of the file. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(
    readonly file: string,
    readonly problems: readonly Problem[],
  ) {
    super(problems.map((problem) => toLine(file, problem)).join('\n'));
  }
}

export const showPath = (path: Path): string =>
  path.reduce<string>(
    (shown, part) => (typeof part === 'number' ? `${shown}[${part}]` : shown === '' ? part : `${shown}.${part}`),
    '',
  );
