import * as z from 'zod';
import { cel, flag, httpUrl, name, positive, some, text } from './schema-values.ts';

export const authorization = z
  .strictObject({
    deny: z.array(cel).optional().describe('Refused if any of these is true, or fails'),
    require: z.array(cel).optional().describe('Refused unless all of these are true'),
    allow: z.array(cel).optional().describe('If there are any: refused unless one of these is true'),
    default: z
      .enum(['allow', 'deny'])
      .optional()
      .describe('What no rules at all mean. Default: deny; allow where auth is none'),
  })
  .describe('Who may call, in CEL. A route takes each list it does not name from defaults');

const per = some(cel)
  .max(8, 'at most 8 expressions')
  .describe('CEL expressions whose values, together, are counted: [principal.id]');

export const rateLimit = z
  .strictObject({
    name: name.describe('Names the counter in answers and records'),
    per,
    requests: positive.optional().describe('Calls in each window'),
    tokens: positive.optional().describe('Tokens in each window'),
    every: z.enum(['minute', 'hour', 'day', 'month']).describe('The window; a month is 30 days'),
  })
  .describe('How much one key may use in a window');

const budget = z
  .strictObject({
    name,
    per,
    usd: z.number('an amount').positive('an amount of more than 0').describe('US dollars in each window'),
    every: z.enum(['day', 'month']),
    onUnknownPrice: z
      .enum(['deny', 'dearest'])
      .optional()
      .describe('A model without a price is refused, or priced as the dearest'),
  })
  .describe('How much money one key may spend in a window');

/** What `defaults` may say and every route may say otherwise. */
export const routePolicy = {
  auth: z
    .enum(['strict', 'optional', 'none'])
    .optional()
    .describe(
      'strict: a valid token is needed. optional: no token is an anonymous caller. none: public. Default: strict',
    ),
  authorization: authorization.optional(),
  rateLimits: z
    .array(rateLimit)
    .max(20, 'at most 20 limits')
    .optional()
    .describe("Replaces the defaults' list as a whole"),
  budgets: z.array(budget).optional().describe("Replaces the defaults' list as a whole"),
  limitsFailure: z
    .enum(['closed', 'open'])
    .optional()
    .describe("What to do when the counters can't be reached. Default: closed"),
  guardrails: z.array(name).optional().describe('Names under guardrails, in the order they run'),
};

export const defaults = z
  .strictObject(routePolicy)
  .describe("Every route starts from these; a route's own block wins, key by key");

const direction = z.enum(['request', 'response']);
const guardrailBase = {
  on: z.union([direction, some(direction)]).describe('What is read: request, response or a list of both'),
  onFailure: z.enum(['block', 'allow']).optional().describe('What a broken guardrail means. Default: block'),
};
const action = z.enum(['mask', 'reject']).describe('mask: what is found is replaced. reject: the call is refused');

export const guardrail = z
  .discriminatedUnion('use', [
    z.strictObject({
      use: z.literal('pii'),
      ...guardrailBase,
      entities: some(z.enum(['ssn', 'credit-card', 'email', 'phone'])),
      action,
    }),
    z.strictObject({ use: z.literal('prompt-injection'), ...guardrailBase, action: z.literal('reject') }),
    z.strictObject({ use: z.literal('credentials'), ...guardrailBase, action }),
    z.strictObject({ use: z.literal('pattern'), ...guardrailBase, patterns: some(text('an RE2 pattern')), action }),
    z.strictObject({ use: z.literal('openai-moderation'), ...guardrailBase, credential: name }),
    z.strictObject({
      use: z.literal('bedrock-guardrail'),
      ...guardrailBase,
      create: z
        .strictObject({
          promptAttack: z.enum(['NONE', 'LOW', 'MEDIUM', 'HIGH']).optional(),
          pii: some(text('an entity type of Bedrock guardrails, such as NAME')).optional(),
        })
        .describe('The deployment creates a guardrail with these filters'),
    }),
    z.strictObject({
      use: z.literal('webhook'),
      ...guardrailBase,
      url: httpUrl,
      timeoutMs: positive.max(60_000, 'at most 60000').optional(),
    }),
  ])
  .describe('One check of what goes in or comes out');

const decisionBase = {
  url: httpUrl,
  on: some(text('a route')).describe('The routes it is asked for'),
  failureMode: z.enum(['closed', 'open']).optional().describe('Default: closed'),
};

export const decision = z
  .discriminatedUnion('use', [
    z.strictObject({
      use: z.literal('opa'),
      ...decisionBase,
      path: text('the path of a rule, such as gatehouse/authz/allow'),
      sendBody: flag.optional(),
    }),
    z.strictObject({
      use: z.literal('openfga'),
      ...decisionBase,
      store: text('the id of a store'),
      relation: text('a relation'),
      object: cel.describe('CEL that gives the object, such as "\'model:\' + llm.model"'),
    }),
  ])
  .describe('An external policy engine, asked before the CEL rules');
