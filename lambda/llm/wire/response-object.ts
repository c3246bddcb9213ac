import { type LlmCall, NO_USAGE, promptTokens, type Usage } from '../../core/llm.ts';
import type { Refusal } from '../../core/refusal.ts';
import { writeCarried } from '../../providers/carried-reasoning.ts';
import { isObject, type Json } from './fields.ts';

/** The pieces of a response, the same whether it is streamed or not. Source: https://platform.openai.com/docs/api-reference/responses/object. */

/** OpenAI's ids are letters, digits and a few marks, 64 of them at most with their prefix. */
const MAX_ID = 40;

/** What the ids of a response and of everything in it are made of: the provider's own id, or the call's where it gave none. */
export const idBase = (providersId: string, call: LlmCall): string =>
  (providersId.replace(/^resp_/, '') || call.id).replace(/[^A-Za-z0-9_-]/g, '').slice(0, MAX_ID);

/** A response before anything is in it. What the caller asked for is repeated, as OpenAI does. */
export const openResponse = (
  { body, model: asked }: LlmCall,
  start: { readonly id: string; readonly model: string; readonly createdSeconds: number },
): Json => ({
  id: `resp_${start.id}`,
  object: 'response',
  created_at: start.createdSeconds,
  status: 'in_progress',
  background: false,
  error: null,
  incomplete_details: null,
  instructions: body.instructions ?? null,
  max_output_tokens: body.max_output_tokens ?? null,
  model: start.model || asked,
  output: [],
  parallel_tool_calls: body.parallel_tool_calls ?? true,
  previous_response_id: null,
  reasoning: {
    effort: (isObject(body.reasoning) ? body.reasoning.effort : null) ?? null,
    summary: (isObject(body.reasoning) ? body.reasoning.summary : null) ?? null,
  },
  store: false,
  temperature: body.temperature ?? null,
  text: body.text ?? { format: { type: 'text' } },
  tool_choice: body.tool_choice ?? 'auto',
  tools: body.tools ?? [],
  top_p: body.top_p ?? null,
  truncation: 'disabled',
  usage: null,
  user: body.user ?? null,
  metadata: body.metadata ?? {},
});

/** R101, R105. Null where nobody counted: zeros would be a lie (R109). */
export const writeResponseUsage = (told: Partial<Usage>): Json | null => {
  const usage = { ...NO_USAGE, ...told };
  const input = promptTokens(usage);
  if (input + usage.output === 0) return null;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: input + usage.output,
  };
};

/** The few words that the dialect has for a response that failed. */
export const writeResponseError = (refusal: Refusal): Json => ({
  code: refusal.status === 429 ? 'rate_limit_exceeded' : 'server_error',
  message: refusal.say,
});

/** One item of the output while it grows. */
export type Item =
  | { readonly type: 'message'; readonly id: string; readonly index: number; text: string }
  | {
      readonly type: 'reasoning';
      readonly id: string;
      readonly index: number;
      text: string;
      /** What its provider wants back with it: always there, so that nobody takes the item for one of OpenAI's. */
      carried: string;
    }
  | {
      readonly type: 'function_call';
      readonly id: string;
      readonly index: number;
      readonly callId: string;
      readonly name: string;
      text: string;
    };

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

export const outputText = (text: string): Json => ({ type: 'output_text', text, annotations: [], logprobs: [] });

export const summaryText = (text: string): Json => ({ type: 'summary_text', text });

const UNSIGNED = writeCarried({ kind: 'thinking', value: '' });

/** An item as it is added to the output: nothing in it yet. */
export const writeEmptyItem = (item: Item): Json => {
  switch (item.type) {
    case 'message':
      return { type: 'message', id: item.id, status: 'in_progress', role: 'assistant', content: [] };
    case 'reasoning':
      return { type: 'reasoning', id: item.id, summary: [] };
    case 'function_call':
      return { ...writeItem(item, 'in_progress'), arguments: '' };
  }
};

export const writeItem = (item: Item, status: ItemStatus): Json => {
  const { type, id } = item;
  switch (item.type) {
    case 'message':
      return { type, id, status, role: 'assistant', content: [outputText(item.text)] };
    case 'reasoning':
      return {
        type,
        id,
        summary: item.text === '' ? [] : [summaryText(item.text)],
        encrypted_content: item.carried || UNSIGNED,
      };
    case 'function_call':
      return { type, id, status, call_id: item.callId, name: item.name, arguments: item.text };
  }
};
