import type { LlmCall, NativeFrame } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';
import type { ReadBack } from './anthropic-reply.ts';
import { JSON_TOOL } from './anthropic-request.ts';
import { type AwsEvent, awsEventStream } from './aws-event-stream.ts';
import { bedrockEmbeddings } from './bedrock-embeddings.ts';
import { bedrockRefusal, EXCEPTION } from './bedrock-errors.ts';
import { modelPath } from './bedrock-path.ts';
import { readConverse, readConverseParts } from './bedrock-reply.ts';
import { writeConverse } from './bedrock-request.ts';
import { toolNames } from './bedrock-tools.ts';
import type { Provider } from './provider.ts';
import { isObject } from './upstream-words.ts';

/**
 * Amazon Bedrock, Converse and ConverseStream as plain REST: docs/decisions/004. Requests are signed with the identity of this
 * process, or carry a Bedrock API key where the policy has a credential.
 *
 * Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html.
 */
export const bedrock: Provider = {
  kind: 'bedrock',
  dialects: [],
  signs: { service: 'bedrock' },
  decode: converseFrames,
  toRequest: (call, model) => {
    const { body, dropped } = writeConverse(call, model);
    return {
      method: 'POST',
      path: `${modelPath(model)}/${call.stream ? 'converse-stream' : 'converse'}`, // R66
      headers: { accept: call.stream ? 'application/vnd.amazon.eventstream' : 'application/json' },
      body,
      dropped,
    };
  },
  toMessage: (body, call) => readConverse(body, readBack(call)),
  toParts: (frames, call) => readConverseParts(frames, readBack(call)),
  toRefusal: bedrockRefusal,
  authorize: (secret) => ({ authorization: `Bearer ${secret}` }),
  listModels: () => {
    // The list is at another host, and needs a permission that nothing else here does.
    throw new Refusal('surface_not_served', { reason: 'bedrock lists its models elsewhere' });
  },
  toModels: () => [],
  embeddings: bedrockEmbeddings,
};

const readBack = ({ prompt }: LlmCall): ReadBack => ({
  names: toolNames(prompt),
  jsonTool: prompt.responseFormat?.type === 'json-schema' && prompt.tools.length === 0 ? JSON_TOOL : undefined,
});

async function* converseFrames(bytes: AsyncIterable<Uint8Array>): AsyncIterable<NativeFrame> {
  for await (const event of awsEventStream(bytes)) yield toFrame(event);
}

const toFrame = ({ kind, name, payload }: AwsEvent): NativeFrame => {
  const data = new TextDecoder().decode(payload);
  return {
    dialect: 'bedrock-converse',
    event: kind === 'exception' ? `${EXCEPTION}${name}` : name,
    data,
    json: parse(data),
  };
};

const parse = (data: string): NativeFrame['json'] => {
  try {
    const json: unknown = JSON.parse(data);
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
};
