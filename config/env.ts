/** The variables that each Lambda reads. */
// CREDENTIAL_ARNS: JSON from the name of a credential to the ARN of its secret.
export const llmEnv = ['LIMITS_TABLE', 'CREDENTIAL_ARNS', 'STAGE'] as const;
// SIGNING_KEY_ARN: the secret that seals what clients carry from one call to the next, cursors among them.
// STAGE: what stands behind the host in API Gateway's own address of the API.
export const mcpEnv = ['LIMITS_TABLE', 'CREDENTIAL_ARNS', 'SIGNING_KEY_ARN', 'STAGE'] as const;
// SIGNING_KEY_IDS: JSON, the ids of the KMS keys of tokens: the one that signs, then the others that are published.
// OWN_CLIENT_ARN: the secret of the client under which the mcp function exchanges tokens; as JSON, clientId and clientSecret.
export const tokenEnv = ['LIMITS_TABLE', 'CREDENTIAL_ARNS', 'SIGNING_KEY_IDS', 'STAGE'] as const;
// RUNTIMES_PARAMETER: the SSM parameter with the runtimes' ARNs, JSON from the agent's name: runtimes are deployed after the API.
// SESSION_KEY_ARN: the secret from which session ids are derived.
export const agentsEnv = [
  'LIMITS_TABLE',
  'CREDENTIAL_ARNS',
  'SIGNING_KEY_IDS',
  'SESSION_KEY_ARN',
  'RUNTIMES_PARAMETER',
  'STAGE',
] as const;
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
