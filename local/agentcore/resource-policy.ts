type OneOrMore = string | readonly string[];

/** An IAM policy of a resource. Source: IAM User Guide, "IAM JSON policy element reference". */
export interface PolicyDocument {
  readonly Version?: string;
  readonly Statement: Statement | readonly Statement[];
}

export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal: '*' | { readonly AWS: OneOrMore };
  readonly Action: OneOrMore;
  readonly Resource?: OneOrMore;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMore>>>>;
}

export interface Access {
  /** Of the role, for what a role's session does. */
  readonly principalArn: string;
  readonly action: string;
  readonly resource: string;
}

export type PolicyDecision = 'allow' | 'deny' | 'silent';

const listOf = <One>(value: One | readonly One[] | undefined): readonly One[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value as One];

/** `*` is any text, `?` one character, everything else itself. */
const matches = (pattern: string, value: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  ).test(value);

/** In an ARN a wildcard does not reach over a colon, except in its last part. */
const matchesArn = (pattern: string, arn: string): boolean => {
  const [patterns, parts] = [split(pattern), split(arn)];
  return patterns.length === parts.length && patterns.every((one, index) => matches(one, parts[index] ?? ''));
};

const split = (arn: string): string[] => {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), ...(parts.length > 5 ? [parts.slice(5).join(':')] : [])];
};

type Operator = (patterns: readonly string[], value: string) => boolean;
const anyOf =
  (test: (pattern: string, value: string) => boolean): Operator =>
  (patterns, value) =>
    patterns.some((pattern) => test(pattern, value));
const noneOf =
  (test: (pattern: string, value: string) => boolean): Operator =>
  (patterns, value) =>
    !patterns.some((pattern) => test(pattern, value));

const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ['ArnEquals', anyOf(matchesArn)],
  ['ArnLike', anyOf(matchesArn)],
  ['ArnNotEquals', noneOf(matchesArn)],
  ['ArnNotLike', noneOf(matchesArn)],
  ['StringEquals', anyOf((pattern, value) => pattern === value)],
  ['StringLike', anyOf(matches)],
  ['StringNotEquals', noneOf((pattern, value) => pattern === value)],
  ['StringNotLike', noneOf(matches)],
]);

/** Errors: an `Error` for a condition that is not known here: a policy that is not understood decides nothing. */
const holds = (statement: Statement, { principalArn }: Access): boolean =>
  Object.entries(statement.Condition ?? {}).every(([name, keys]) =>
    Object.entries(keys).every(([key, wanted]) => {
      const operator = OPERATORS.get(name);
      if (operator === undefined || key.toLowerCase() !== 'aws:principalarn')
        throw new Error(`the condition ${name} of ${key} is not known here`);
      return operator(listOf(wanted), principalArn);
    }),
  );

const isAbout = (principal: Statement['Principal'], principalArn: string): boolean => {
  if (principal === '*') return true;
  const [, , , , account = ''] = principalArn.split(':');
  // The account, or its root, is everybody of the account.
  return listOf(principal.AWS).some((one) =>
    ['*', principalArn, account, `arn:aws:iam::${account}:root`].includes(one),
  );
};

/**
 * What a resource's policy says about a call: an explicit deny wins.
 *
 * Errors: an `Error` for a condition that is not known here.
 */
export const decide = (policy: PolicyDocument | undefined, access: Access): PolicyDecision => {
  const effects = listOf(policy?.Statement)
    .filter(
      (one) =>
        isAbout(one.Principal, access.principalArn) &&
        listOf(one.Action).some((action) => matches(action.toLowerCase(), access.action.toLowerCase())) &&
        (one.Resource === undefined || listOf(one.Resource).some((resource) => matches(resource, access.resource))) &&
        holds(one, access),
    )
    .map(({ Effect }) => Effect);
  if (effects.includes('Deny')) return 'deny';
  return effects.includes('Allow') ? 'allow' : 'silent';
};
