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
