export type Narrowed =
  | { readonly isAllowed: true; readonly scopes: readonly string[] }
  /** The first that may not be had. */
  | { readonly isAllowed: false };

/**
 * What a token may have: never more than its subject has, nor than the client may. What is asked for beyond that is refused, not
 * left out: who asks has to know what it gets.
 *
 * Shape: `asked` undefined stands for all that may be had; `most` undefined for no limit but the subject.
 */
export const narrowScopes = (
  asked: readonly string[] | undefined,
  subject: readonly string[],
  most: readonly string[] | undefined,
): Narrowed => {
  const available = subject.filter((scope) => most === undefined || most.includes(scope));
  if (asked === undefined) return { isAllowed: true, scopes: [...new Set(available)] };
  return asked.every((scope) => available.includes(scope))
    ? { isAllowed: true, scopes: [...new Set(asked)] }
    : { isAllowed: false };
};
