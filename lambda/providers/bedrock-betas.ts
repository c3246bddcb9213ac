/**
 * What of Anthropic's betas Bedrock knows (R147), and for which models: any other is an error there. Left out as well are those
 * that only switch on fields of Anthropic's own dialect, because these do not come through Converse.
 *
 * Source, read 2026-11-20: Amazon Bedrock user guide, "Anthropic Claude Messages API" (`anthropic_beta`).
 */
const BETAS: readonly (readonly [string, RegExp])[] = [
  ['interleaved-thinking-2025-05-14', /claude-(?:opus|sonnet|haiku)-4/],
  ['context-1m-2025-08-07', /claude-(?:sonnet-4|opus-4-6)/],
  ['token-efficient-tools-2025-02-19', /claude-3-7/],
  ['output-128k-2025-02-19', /claude-3-7/],
  ['dev-full-thinking-2025-05-14', /claude-(?:opus|sonnet|haiku)-4/],
];

/** `header` is the caller's `anthropic-beta`: names between commas. */
export const bedrockBetas = (header: string | undefined, model: string, dropped: Set<string>): readonly string[] => {
  const asked = [...new Set((header ?? '').split(',').map((name) => name.trim()))].filter((name) => name !== '');
  const known = asked.filter((name) => BETAS.some(([beta, models]) => beta === name && models.test(model)));
  if (known.length < asked.length) dropped.add('anthropic-beta');
  return known;
};
