import * as z from 'zod';
import { routePolicy } from './schema-policy.ts';
import {
  claimPath,
  flag,
  headerSuffix,
  httpsUrl,
  name,
  positive,
  scope,
  some,
  someDurationUpTo,
  text,
} from './schema-values.ts';

const agentBase = {
  runtime: z
    .union([
      z.strictObject({ source: text('a folder') }),
      z.strictObject({
        arn: z
          .string('the ARN of an AgentCore runtime')
          .regex(
            /^arn:aws[a-z-]*:bedrock-agentcore:[a-z0-9-]+:\d{12}:runtime\/[A-Za-z0-9_-]+$/,
            'the ARN of an AgentCore runtime',
          ),
        qualifier: text('the name of an endpoint').optional().describe('Default: DEFAULT'),
      }),
    ])
    .describe('A folder that is deployed, or the ARN of a runtime that already runs'),
  protocol: z
    .enum(['http', 'a2a'])
    .optional()
    .describe('http: POST /agents/<name>/invocations. a2a: the A2A protocol at /a2a/<name>. Default: http'),
  default: flag.optional().describe('Whether POST /invoke is this agent. Default: true where it is the only one'),
  model: text('a model that a route of llm serves')
    .optional()
    .describe('The model that the agent asks Gatehouse for. Default: smart'),
  traces: z
    .strictObject({
      endpoint: httpsUrl.describe('Base address of an OTLP collector that the agent reaches over HTTP'),
      content: flag.optional().describe('Whether prompts, answers, arguments and results are sent too. Default: false'),
    })
    .optional()
    .describe('Where a deployed agent sends its traces. Default: nowhere'),
  timeouts: z
    .strictObject({
      firstByte: someDurationUpTo('15m').optional().describe('Default: 2m'),
      idle: someDurationUpTo('15m').optional().describe('Between two pieces of a stream. Default: 2m'),
    })
    .optional(),
  newSessions: z
    .strictObject({ perSecond: positive.max(1_000, 'a whole number of at most 1000') })
    .optional()
    .describe(
      'How many new sessions a second of all agents together let this one begin another. AgentCore takes 25 for an account. Default: 20',
    ),
  ...routePolicy,
};

const obo = z
  .strictObject({
    issuer: name.describe('gatehouse, or the identity provider at which the token is exchanged'),
    actor: text('a name').optional().describe("act.sub of gatehouse's tokens: who acts. Default: the agent's name"),
    client: name
      .optional()
      .describe("At an identity provider: the credential with this gateway's client there. Default: <provider>-client"),
    clientId: text('the id of a client')
      .optional()
      .describe(
        'At an identity provider, with inbound: obo: the id of that client, and of no client that people sign in with. The runtime takes no token of another',
      ),
    audience: text('an audience')
      .optional()
      .describe('At an identity provider: the audience asked for, which its token has to have'),
    scopes: some(scope).optional().describe("The most that the token may have. Default: the caller's own"),
    subjectClaims: some(claimPath)
      .optional()
      .describe("Claims of the caller that gatehouse's token repeats: org.team as team"),
    lifetime: someDurationUpTo('1h')
      .optional()
      .describe("How long gatehouse's token lasts at most, and never longer than the token of the caller. Default: 5m"),
  })
  .describe(
    'The token on behalf of the caller, with which the agent calls models and tools. Default, for the agent of this repository where it is told by headers: of gatehouse',
  );

export const agent = z
  .discriminatedUnion('inbound', [
    z.strictObject({ inbound: z.literal('obo'), ...agentBase, obo }),
    z.strictObject({ inbound: z.literal('jwt-passthrough'), ...agentBase, obo: obo.optional() }),
    z.strictObject({
      inbound: z.literal('claims-as-headers'),
      ...agentBase,
      claims: z
        .record(claimPath, headerSuffix)
        .describe('sub, id, issuer, clientId, scopes, roles, groups or a claim, and the end of the header it becomes'),
      obo: obo.optional(),
    }),
  ])
  .describe('An agent in AgentCore, and how it learns who calls');
