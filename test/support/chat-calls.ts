import type { CompiledLlmProvider } from '../../config/compiled.ts';
import { noFacts } from '../../lambda/core/call.ts';
import type { LlmCall, LlmRequest } from '../../lambda/core/llm.ts';
import { ANONYMOUS } from '../../lambda/core/principal.ts';
import { readOpenAiChat, streamOf } from '../../lambda/llm/wire/read-openai-chat.ts';
import { anthropic } from '../../lambda/providers/anthropic.ts';
import { openAi, openAiCompatible } from '../../lambda/providers/openai.ts';
import type { Json, UpstreamRequest } from '../../lambda/providers/provider.ts';

const NOTHING: LlmRequest = { system: [], messages: [], tools: [], stop: [], foreign: [], foreignTools: [] };

const CALL: LlmCall = {
  id: 'call-1',
  principal: ANONYMOUS,
  token: undefined,
  request: { method: 'POST', path: '/v1/chat/completions', headers: {}, ip: '127.0.0.1' },
  route: '/v1',
  signal: new AbortController().signal,
  facts: noFacts(),
  dialect: 'openai-chat',
  model: 'smart',
  stream: false,
  includeUsage: false,
  body: {},
  prompt: NOTHING,
  dialectHeaders: {},
};

/** A call as it came in at chat completions. Without messages the user says hello. */
export const chatCall = (body: Json, more: Partial<LlmCall> = {}): LlmCall => {
  const whole = { model: 'smart', messages: [{ role: 'user', content: 'hello' }], ...body };
  return { ...CALL, facts: noFacts(), ...streamOf(whole), body: whole, prompt: readOpenAiChat(whole), ...more };
};

/** A call from a caller who speaks another dialect than OpenAI's, in the hub's words. */
export const hubCall = (prompt: Partial<LlmRequest>, more: Partial<LlmCall> = {}): LlmCall => {
  const hello: LlmRequest['messages'] = [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }];
  const whole = { ...NOTHING, messages: hello, ...prompt };
  return { ...CALL, facts: noFacts(), dialect: 'anthropic-messages', prompt: whole, ...more };
};

export const providerConfig = (more: Partial<CompiledLlmProvider> = {}): CompiledLlmProvider => ({
  name: 'upstream',
  kind: 'openai',
  baseUrl: 'http://127.0.0.1:9',
  timeouts: { connectMs: 1_000, firstByteMs: 5_000, idleMs: 5_000 },
  ...more,
});

/** JSON that a test knows the form of. */
export interface Loose {
  readonly [name: string]: Loose | undefined;
}

type Sent = Omit<UpstreamRequest, 'body'> & { readonly body: Loose };

/** What Anthropic would be sent for a chat completions body. `body` is loose, so that tests can look into it. */
export const toAnthropic = (body: Json, model = 'claude-sonnet-4-5'): Sent =>
  anthropic.toRequest(chatCall(body), model, providerConfig({ kind: 'anthropic' })) as unknown as Sent;

/** What OpenAI would be sent for a prompt in the hub's words. */
export const toOpenAi = (prompt: Partial<LlmRequest>, model = 'gpt-4o'): Sent =>
  openAi.toRequest(hubCall(prompt), model, providerConfig()) as unknown as Sent;

/** What another server of OpenAI's dialect would be sent. */
export const toCompatible = (prompt: Partial<LlmRequest>, model = 'llama'): Sent =>
  openAiCompatible.toRequest(hubCall(prompt), model, providerConfig({ kind: 'openai-compatible' })) as unknown as Sent;
