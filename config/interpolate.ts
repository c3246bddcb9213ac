import type { Path } from './problem.ts';

/** Values by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g;

export type Interpolated =
  | { readonly type: 'unchanged' }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'problem'; readonly message: string; readonly offset: number };

/** Where secrets are named: a value from the environment there would be the secret itself. */
export const mayInterpolate = (path: Path): boolean =>
  path[0] !== 'credentials' && !path.some((part) => part === 'credential' || part === 'listCredential');

/** Replaces `${NAME}` and `${NAME:-default}`; `$${` stands for `${`. An empty value counts as unset where there is a default. */
export const interpolate = (text: string, environment: Environment): Interpolated => {
  let problem: Interpolated | undefined;
  const refuse = (message: string, offset: number): string => {
    problem ??= { type: 'problem', message, offset };
    return '';
  };
  const replaced = text.replace(
    REFERENCE,
    (whole: string, name: string | undefined, fallback: string | undefined, offset: number) => {
      if (whole === '$${') return '${';
      if (name === undefined)
        return refuse(
          `write \${NAME} or \${NAME:-default} for a value of the environment, and $\${ for the text \${`,
          offset,
        );
      const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
      if (fallback !== undefined) return value || fallback;
      return (
        value ??
        refuse(`${name} is not set: set it in the environment or in .env, or write \${${name}:-default}`, offset)
      );
    },
  );
  if (problem !== undefined) return problem;
  return replaced === text ? { type: 'unchanged' } : { type: 'text', text: replaced };
};
