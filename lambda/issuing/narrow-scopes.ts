export type Narrowed =
  | { readonly isAllowed: true; readonly scopes: readonly string[] }
  /** The first that may not be had. */
  | { readonly isAllowed: false };

/**
 * Whether it is one scope (RFC 6749 §3.3). Lists of identity providers may hold others, and one with a space in it would be two in
 * a claim that is split at spaces.
 */
export const isScope = (text: string): boolean => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text);

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
  const available = subject.filter((scope) => isScope(scope) && (most === undefined || most.includes(scope)));
  if (asked === undefined) return { isAllowed: true, scopes: [...new Set(available)] };
  return asked.every((scope) => available.includes(scope))
    ? { isAllowed: true, scopes: [...new Set(asked)] }
    : { isAllowed: false };
};
