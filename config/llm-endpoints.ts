/** What every LLM route serves, below its base path. The deployment makes a method of each, and the app has to serve each. */
export const LLM_ENDPOINTS = [
  { method: 'POST', path: 'chat/completions' },
  { method: 'POST', path: 'messages' },
  { method: 'POST', path: 'messages/count_tokens' },
  { method: 'POST', path: 'responses' },
  { method: 'POST', path: 'embeddings' },
  { method: 'GET', path: 'models' },
] as const;

export type LlmEndpoint = (typeof LLM_ENDPOINTS)[number];
