import type { LlmProviderKind } from '../../config/compiled.ts';
import type { LlmCall } from '../core/llm.ts';
import type { Json, UpstreamRequest } from './provider.ts';

/** Providers that count the tokens of a prompt themselves. Others are estimated. */
export interface TokenCounter {
  toRequest(call: LlmCall, model: string): UpstreamRequest;
}

/** R144. To have another provider count: its row here. */
export const TOKEN_COUNTERS: Readonly<Partial<Record<LlmProviderKind, TokenCounter>>> = {
  /** The body as it came. Source: https://docs.anthropic.com/en/api/messages-count-tokens. */
  anthropic: {
    toRequest: (call, model) => ({
      method: 'POST',
      path: '/v1/messages/count_tokens',
      headers: { 'anthropic-version': '2023-06-01', ...call.dialectHeaders },
      body: { ...call.body, model } satisfies Json,
      dropped: [],
    }),
  },
};

/** OpenAI's models before gpt-4o, whose vocabulary is another. */
const BEFORE_GPT_4O = /^(?:ft:)?(?:gpt-3|gpt-4(?![o.])|text-|davinci|babbage)/;

/** Whether texts for a model can be counted here with OpenAI's vocabulary o200k_base. */
export const countsInO200k = (kind: LlmProviderKind | undefined, model: string): boolean =>
  kind === 'openai' && !BEFORE_GPT_4O.test(model);
