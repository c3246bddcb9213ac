import type { LlmProviderKind } from '../../config/compiled.ts';
import { anthropic } from './anthropic.ts';
import { bedrock } from './bedrock.ts';
import { gemini } from './gemini.ts';
import { openAi, openAiCompatible } from './openai.ts';
import type { Provider } from './provider.ts';

/** Every kind of provider. To add one: write its file, and its row here. */
export const PROVIDERS: Readonly<Partial<Record<LlmProviderKind, Provider>>> = {
  anthropic,
  bedrock,
  gemini,
  openai: openAi,
  'openai-compatible': openAiCompatible,
};
