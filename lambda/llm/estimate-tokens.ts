import type { Block, LlmRequest } from '../core/llm.ts';
import { textTokens } from './estimate-text.ts';

/** Tokens of a text, not rounded. */
export type CountText = (text: string) => number;

/** Characters a token has on average, in the languages and code that people send. */
const CHARS_PER_TOKEN = 4;

/** What a medium costs, whatever its size: an image at its largest, two pages of a document, half a minute of sound. */
const FLAT = { image: 1_600, document: 3_000, audio: 1_000 };

/** Tokens of so many characters, roughly. */
export const tokensOfChars = (chars: number): number => Math.ceil(chars / CHARS_PER_TOKEN);

/**
 * What a prompt comes to, roughly, where nobody counts: system, conversation and tool definitions.
 *
 * Units: tokens. Errs upwards on media, by up to a third either way on text unless `count` is exact.
 */
export const estimateTokens = (
  { system, messages, tools }: Pick<LlmRequest, 'system' | 'messages' | 'tools'>,
  count: CountText = textTokens,
): number =>
  Math.ceil(
    toolTokens(tools, count) +
      blocksTokens(system, count) +
      messages.reduce((sum, { content }) => sum + blocksTokens(content, count), 0),
  );

const toolTokens = (tools: LlmRequest['tools'], count: CountText): number =>
  tools.length === 0 ? 0 : count(JSON.stringify(tools));

const blocksTokens = (blocks: readonly Block[], count: CountText): number =>
  blocks.reduce((sum, block) => sum + tokensOf(block, count), 0);

const tokensOf = (block: Block, count: CountText): number => {
  switch (block.type) {
    case 'text':
    case 'thinking':
      return count(block.text);
    case 'tool-call':
      return count(block.name) + count(block.arguments);
    case 'tool-result':
      return blocksTokens(block.content, count);
    case 'document':
      return block.source.type === 'text' ? count(block.source.text) : FLAT.document;
    case 'image':
    case 'audio':
      return FLAT[block.type];
    case 'redacted-thinking':
      return tokensOfChars(block.data.length);
    case 'other':
      return count(JSON.stringify(block.raw));
  }
};
