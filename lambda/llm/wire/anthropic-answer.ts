import { type Block, type FinishReason, type LlmCall, NO_USAGE, type Usage } from '../../core/llm.ts';
import { safeName } from '../../providers/names.ts';
import { toArguments } from '../../providers/tool-arguments.ts';
import { estimateTokens, tokensOfChars } from '../estimate-tokens.ts';
import type { Json } from './fields.ts';

/** The pieces of an answer in Anthropic's words, the same whether it is streamed or not. */

const STOP: Record<FinishReason, string> = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-call': 'tool_use',
  filtered: 'refusal',
};

/**
 * R112: an answer that calls tools was not finished by its turn's end, whatever the provider says; one that was cut off must
 * not be acted on. R113: `stop_sequence` is always there.
 */
export const writeStop = (reason: FinishReason, stopSequence: string | undefined, callsTools: boolean): Json => {
  if (reason === 'stop' && callsTools) return { stop_reason: 'tool_use', stop_sequence: null };
  if (reason === 'stop' && stopSequence !== undefined)
    return { stop_reason: 'stop_sequence', stop_sequence: stopSequence };
  return { stop_reason: STOP[reason], stop_sequence: null };
};

/** R104: input does not include what was read from or written to the cache. R105: output includes thinking. */
export const writeAnthropicUsage = ({ input, cacheWrite, cacheRead, output, reasoning }: Usage): Json => ({
  input_tokens: input,
  cache_creation_input_tokens: cacheWrite,
  cache_read_input_tokens: cacheRead,
  output_tokens: output,
  ...(reasoning === 0 ? {} : { output_tokens_details: { thinking_tokens: reasoning } }),
});

/**
 * R109: agents decide by these numbers when to compact a conversation, so a provider that did not count is estimated.
 * `outputChars`: how much the answer holds.
 */
export const usageOrEstimate = (usage: Partial<Usage>, call: LlmCall, outputChars: number): Usage => {
  const told = { ...NO_USAGE, ...usage };
  if (told.input + told.cacheRead + told.cacheWrite > 0) return told;
  return { ...told, input: estimateTokens(call.prompt), output: Math.max(told.output, tokensOfChars(outputChars)) };
};

export const writeToolUse = (
  { id, name, signature }: { readonly id: string; readonly name: string; readonly signature?: string },
  ordinal: number,
  call: LlmCall,
  input: Json,
): Json => ({
  type: 'tool_use',
  // R37: in Anthropic's own alphabet, so that the history is good there as well. Some servers give a call no id.
  id: safeName(id || `toolu_${call.id}_${ordinal}`, 64),
  name,
  input,
  // R83: Gemini's signature rides where Google's own OpenAI-compatible endpoint has it.
  ...(signature === undefined ? {} : { extra_content: { google: { thought_signature: signature } } }),
});

/** R78, R80, R81: thinking has its signature, empty where nobody signed. */
export const writeContent = (content: readonly Block[], call: LlmCall): Json[] => {
  let calls = 0;
  return content.flatMap((block): Json[] => {
    switch (block.type) {
      case 'text':
        return block.text === '' ? [] : [{ type: 'text', text: block.text }];
      case 'thinking':
        return [{ type: 'thinking', thinking: block.text, signature: block.signature ?? '' }];
      case 'redacted-thinking':
        return [{ type: 'redacted_thinking', data: block.data }];
      case 'tool-call':
        return [writeToolUse(block, calls++, call, toArguments(block.arguments))];
      default:
        return [];
    }
  });
};

export const charsIn = (content: readonly Block[]): number =>
  content.reduce((sum, block) => {
    if (block.type === 'tool-call') return sum + block.name.length + block.arguments.length;
    return sum + ('text' in block ? block.text.length : 0);
  }, 0);
