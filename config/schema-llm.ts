import * as z from 'zod';
import { routePolicy } from './schema-policy.ts';
import { cel, duration, httpUrl, modelAlias, modelTarget, name, routePath, some, text } from './schema-values.ts';

const timeouts = z
  .strictObject({
    connect: duration.optional().describe('Default: 5s'),
    firstByte: duration.optional().describe('Default: 60s'),
    idle: duration.optional().describe('The longest silence between two pieces of an answer. Default: 120s'),
  })
  .optional();

const credential = name.optional().describe('A name under credentials');

const provider = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal(['openai', 'anthropic', 'gemini']),
      credential,
      baseUrl: httpUrl.optional().describe("If not the vendor's own"),
      timeouts,
    }),
    z.strictObject({
      kind: z.literal('openai-compatible'),
      credential,
      baseUrl: httpUrl.describe('With its version, as in https://api.x.ai/v1'),
      timeouts,
    }),
    z.strictObject({
      kind: z.literal('bedrock'),
      region: text('a region of AWS')
        .optional()
        .describe("If not the deployment's own. Calls are signed with the function's role"),
      baseUrl: httpUrl.optional(),
      timeouts,
    }),
  ])
  .describe('A model provider, and how it is reached');

const message = z.strictObject({
  role: z.enum(['system', 'user', 'assistant']),
  content: z.union([text(), z.strictObject({ file: text('the path of a file beside this one') })]),
});

const route = z
  .strictObject({
    provider: name.optional().describe('One provider: callers use its own model names. Either this or models'),
    models: some(modelAlias)
      .optional()
      .describe('Names under models that callers may ask for. Either this or provider'),
    fallbacks: some(modelTarget).optional().describe('Tried in order when the provider fails before the first byte'),
    enrich: z
      .strictObject({ prepend: some(message).optional(), append: some(message).optional() })
      .optional()
      .describe('Messages that are added to every call'),
    ...routePolicy,
  })
  .describe('A path with the endpoints of an LLM under it: /anthropic/v1/chat/completions');

export const llm = z
  .strictObject({
    providers: z.record(name, provider).optional(),
    models: z
      .record(modelAlias, some(modelTarget))
      .optional()
      .describe("Names that agents may use instead of a provider's own: provider/model, tried in order"),
    health: z
      .strictObject({
        unhealthy: cel.describe('CEL over response.code and response.headers'),
        evictFor: duration.optional(),
      })
      .optional()
      .describe('When a provider is left out for a while'),
    routes: z.record(routePath, route).optional(),
  })
  .describe('Model providers, and the routes that lead to them');
