import * as z from 'zod';
import { authorization, routePolicy } from './schema-policy.ts';
import {
  cel,
  duration,
  flag,
  httpUrl,
  modelAlias,
  modelName,
  modelTarget,
  name,
  positive,
  routeModel,
  routePath,
  some,
  someDurationUpTo,
  text,
} from './schema-values.ts';

const timeouts = z
  .strictObject({
    connect: duration.optional().describe('Default: 5s'),
    firstByte: duration.optional().describe('Default: 60s'),
    idle: duration.optional().describe('The longest silence between two pieces of an answer. Default: 120s'),
  })
  .optional();

const credential = name.optional().describe('A name under credentials');

const usd = z
  .number('an amount of US dollars')
  .min(0, 'an amount of 0 or more')
  .max(100_000, 'an amount of at most 100000')
  .describe('US dollars for a million tokens');

const modelGlob = z
  .string("a provider's own name of a model, in which * stands for anything")
  .regex(/^[\x21\x22\x24-\x7e]{1,256}$/, "a provider's own name of a model, in which * stands for anything");

const prices = z
  .record(
    modelGlob,
    z.strictObject({
      input: usd,
      output: usd.optional().describe('Needed for a model that writes'),
      cacheRead: usd.optional().describe('Default: as input'),
      cacheWrite: usd.optional().describe('Default: as input'),
      cacheWrite1h: usd.optional().describe('What is kept for an hour. Default: as cacheWrite'),
    }),
  )
  .optional()
  .describe(
    'Prices that differ from the list that ships with the gateway. Of several names that fit, the one without *, then the longest, holds',
  );

const provider = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal(['openai', 'anthropic', 'gemini']),
      credential,
      prices,
      baseUrl: httpUrl.optional().describe("If not the vendor's own"),
      timeouts,
    }),
    z.strictObject({
      kind: z.literal('openai-compatible'),
      credential,
      prices,
      baseUrl: httpUrl.describe('With its version, as in https://api.x.ai/v1'),
      timeouts,
    }),
    z.strictObject({
      kind: z.literal('bedrock'),
      region: text('a region of AWS')
        .optional()
        .describe("If not the deployment's own. Calls are signed with the function's role"),
      baseUrl: httpUrl.optional(),
      prices,
      timeouts,
    }),
  ])
  .describe('A model provider, and how it is reached');

const message = z.strictObject({
  role: z.enum(['system', 'user', 'assistant']),
  content: z
    .union([text(), z.strictObject({ file: text('the path of a file beside this one') })])
    .describe(
      'The text, or a file of at most 64 KB. {{principal.sub}}, {{principal.clientId}}, {{principal.roles}}, {{claims.x}}, {{date}} and {{route}} are filled in',
    ),
});

const promptCaching = z
  .strictObject({
    system: flag.optional().describe('After the system prompt. Default: true'),
    tools: flag.optional().describe('After the tools. Default: true'),
    messages: flag.optional().describe('After the last two turns of the user. Default: false'),
    minTokens: positive.optional().describe('Only where so many tokens, estimated, stand before. Default: 1024'),
  })
  .describe(
    'Marks for providers that cache a prompt where they are told to (Anthropic, Bedrock). A call that has marks of its own gets none',
  );

const target = z.union([
  modelTarget,
  z.strictObject({
    target: modelTarget,
    weight: positive
      .max(1_000, 'a whole number of at most 1000')
      .optional()
      .describe('Neighbours with a weight share their place: one is drawn by weight, the others follow in order'),
    when: cel
      .optional()
      .describe('Left out unless this is true. CEL over the call; llm.provider is that of this target'),
  }),
]);

const model = z.union([
  some(target),
  z.strictObject({
    targets: some(target),
    authorization: authorization
      .optional()
      .describe("Who may ask for this name, on top of the route's own rules. Takes nothing from defaults"),
  }),
]);

const health = z
  .strictObject({
    unhealthy: cel.describe(
      "CEL over response.code, response.headers (of an error answer), llm.provider and llm.model. The code is the status; 599 where there was no answer: not reached, too late, broken off. What is the caller's own fault never counts",
    ),
    evictFor: someDurationUpTo('10m')
      .optional()
      .describe(
        'How long the model of that provider is left out; doubles each time that it fails on its return, up to 10m; longer if the provider says so, up to 1h. Default: 30s',
      ),
    firstByte: someDurationUpTo('20s')
      .optional()
      .describe('How long a streamed call waits before the next target is asked. Default: 20s'),
  })
  .describe('When a model of a provider is left out for a while. The next target is asked in any case');

const route = z
  .strictObject({
    provider: name.optional().describe('One provider: callers use its own model names. Either this or models'),
    models: some(routeModel)
      .optional()
      .describe(
        "What callers may ask for: names under models, and a provider's own models as provider/model, in which * stands for anything (anthropic/*): those are open to everyone on the route, whatever a name that leads to them asks for. Either this or provider",
      ),
    model: modelName
      .optional()
      .describe('The model of every call to the provider, whatever the caller asks for. Needs provider'),
    fallbacks: some(modelTarget).optional().describe('Tried in order when the provider fails before the first byte'),
    enrich: z
      .strictObject({ prepend: some(message).optional(), append: some(message).optional() })
      .optional()
      .describe(
        'Messages that are added to every call: system before and after the system prompt, others before and after the conversation',
      ),
    promptCaching: promptCaching.optional(),
    ...routePolicy,
  })
  .describe('A path with the endpoints of an LLM under it: /anthropic/v1/chat/completions');

export const llm = z
  .strictObject({
    providers: z.record(name, provider).optional(),
    models: z
      .record(modelAlias, model)
      .optional()
      .describe("Names that agents may use instead of a provider's own: provider/model, tried in order"),
    health: health.optional(),
    tokenize: z
      .enum(['estimate', 'exact'])
      .optional()
      .describe(
        'How messages/count_tokens answers for a provider that does not count itself: estimate is within a third; exact counts texts for models of kind openai with their vocabulary (o200k_base, from gpt-4o on), which adds 2 MB to the function and a quarter of a second to the first count. Other vendors keep the estimate, and so do media, cache marks and usage that a provider did not report. Default: estimate',
      ),
    routes: z.record(routePath, route).optional(),
  })
  .describe('Model providers, and the routes that lead to them');
