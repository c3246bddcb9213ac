import type { CompiledLlmProvider } from '../../config/compiled.ts';
import { createSignRequest } from '../../lambda/aws/sign-request.ts';
import { Hidden } from '../../lambda/core/hidden.ts';
import type { LlmCall, LlmMessage, LlmPart, LlmReply } from '../../lambda/core/llm.ts';
import { callProvider } from '../../lambda/providers/call-provider.ts';
import { createSend } from '../../lambda/providers/send.ts';
import type { UpstreamPorts } from '../../lambda/providers/upstream.ts';
import { collect } from './streams.ts';

export const upstreamPorts = (more: Partial<UpstreamPorts> = {}): UpstreamPorts => ({
  send: createSend(),
  credentials: { read: async () => new Hidden('bedrock-api-key') },
  clock: () => Date.UTC(2026, 10, 20),
  sign: createSignRequest({
    region: 'eu-central-1',
    credentials: () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }),
    clock: () => Date.UTC(2026, 10, 20),
  }),
  ...more,
});

export const bedrockAt = (simulators: string, more: Partial<CompiledLlmProvider> = {}): CompiledLlmProvider => ({
  name: 'bedrock',
  kind: 'bedrock',
  baseUrl: `${simulators}/bedrock`,
  region: 'us-east-1',
  timeouts: { connectMs: 1_000, firstByteMs: 5_000, idleMs: 5_000 },
  ...more,
});

/** Asks the models of one Bedrock, in order, the way a route does. */
export const askBedrock = (
  config: CompiledLlmProvider,
  call: LlmCall,
  models: readonly string[],
  ports = upstreamPorts(),
): Promise<LlmReply> => {
  const targets = models.map((model) => ({ provider: config.name, model }));
  return callProvider({ [config.name]: config }, () => targets, ports)(call);
};

export const wholeOf = (reply: LlmReply): LlmMessage => {
  if (reply.type !== 'whole') throw new Error('expected a whole answer');
  return reply.message;
};

export const partsOf = async (reply: LlmReply): Promise<LlmPart[]> => {
  if (reply.type !== 'stream') throw new Error('expected a stream');
  return collect(reply.parts);
};
