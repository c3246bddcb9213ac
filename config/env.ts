/** The variables that each Lambda reads. */
// CREDENTIAL_ARNS: JSON from the name of a credential to the ARN of its secret.
export const llmEnv = ['LIMITS_TABLE', 'CREDENTIAL_ARNS'] as const;
// SIGNING_KEY_ARN: the secret that seals what clients carry from one call to the next, cursors among them.
// STAGE: what stands behind the host in API Gateway's own address of the API.
export const mcpEnv = ['LIMITS_TABLE', 'CREDENTIAL_ARNS', 'SIGNING_KEY_ARN', 'STAGE'] as const;
export const authorizerEnv = [] as const;

/** The environment block a construct has to write: one left out, or misspelt, does not compile. */
export type EnvOf<Names extends readonly string[]> = { readonly [Name in Names[number]]: string };

/**
 * Reads the named variables, once, when a Lambda starts.
 *
 * Errors: an `Error` that names every one that is missing or empty. Values are never repeated.
 */
export const readEnv = <const Names extends readonly string[]>(
  names: Names,
  source: Readonly<Record<string, string | undefined>>,
): EnvOf<Names> => {
  const missing = names.filter((name) => !source[name]);
  if (missing.length > 0) throw new Error(`not set in the environment: ${missing.join(', ')}`);
  return Object.fromEntries(names.map((name) => [name, source[name]])) as EnvOf<Names>;
};
