/** What `GET /v1/models` lists. */
export const ANTHROPIC_MODELS: readonly string[] = [
  ...['claude-opus-5', 'claude-sonnet-5', 'claude-opus-4-8', 'claude-opus-4-7', 'claude-opus-4-6', 'claude-sonnet-4-6'],
  ...[
    'claude-opus-4-5',
    'claude-sonnet-4-5',
    'claude-haiku-4-5',
    'claude-opus-4-1',
    'claude-opus-4',
    'claude-sonnet-4',
  ],
  ...['claude-3-7-sonnet', 'claude-3-5-sonnet', 'claude-3-5-haiku', 'claude-3-haiku'],
];

/** The most that a model may be asked to write. */
export const mostOutputTokens = (model: string): number => {
  if (model.startsWith('claude-3-haiku')) return 4_096;
  if (model.startsWith('claude-3-5')) return 8_192;
  return /claude-opus-4(-1)?(-\d{8})?$/.test(model) ? 32_000 : 64_000;
};

/** From 4.5 on, `temperature` and `top_p` exclude each other. */
export const takesOneSamplingParameter = (model: string): boolean => /^claude-[a-z]+-(4-[5-9]|[5-9])/.test(model);
