/** Every way in which an invocation fails, and the sentence that the caller reads. Never built from input. */
const ERRORS = {
  invalid_input: 'send JSON with prompt or input, a string that is not empty',
  input_too_large: 'the input is larger than 100 KB',
  identity_rejected: 'the agent does not accept who is said to call',
  identity_unavailable: 'the agent cannot check just now who calls',
  no_token: 'the agent was given no token, so that it can ask no model and no tool for the caller',
  not_allowed: 'the gateway does not let the caller use the model',
  rate_limited: 'the caller has used the calls of this window',
  model_failed: 'the model failed',
  tools_failed: 'the tools cannot be reached as the caller',
  turn_limit: 'the agent came to no end within its turns',
  time_limit: 'the agent came to no end in its time',
  cut_short: 'the model broke off its answer',
  internal: 'the agent made a mistake',
} as const satisfies Record<string, string>;

export type AgentErrorCode = keyof typeof ERRORS;

/**
 * The one expected error. What goes to callers is its code and the sentence of the table: nothing of what was sent, and
 * nothing of what a library said about it, since that may quote a token.
 */
export class AgentError extends Error {
  override readonly name = 'AgentError';

  constructor(readonly code: AgentErrorCode) {
    super(ERRORS[code]);
  }
}

export const codeOf = (thrown: unknown): AgentErrorCode => (thrown instanceof AgentError ? thrown.code : 'internal');

/** As it is written in an answer. */
export const writeError = (code: AgentErrorCode): { readonly code: AgentErrorCode; readonly message: string } => ({
  code,
  message: ERRORS[code],
});
