import * as z from 'zod';
import { claimNames, routePolicy } from './schema-policy.ts';
import { cel, claimPath, duration, flag, httpUrl, name, scope, some, text } from './schema-values.ts';

const agentBase = {
  runtime: z
    .union([
      z.strictObject({ source: text('a folder') }),
      z.strictObject({ arn: z.string('an ARN').startsWith('arn:', 'an ARN') }),
    ])
    .describe('A folder that is deployed, or the ARN of a runtime that already runs'),
  ...routePolicy,
};

export const agent = z
  .discriminatedUnion('inbound', [
    z.strictObject({
      inbound: z.literal('obo'),
      ...agentBase,
      obo: z.strictObject({
        issuer: name,
        actor: name,
        scopes: some(scope).optional(),
        subjectClaims: some(claimPath).optional(),
        lifetime: duration.optional(),
      }),
    }),
    z.strictObject({ inbound: z.literal('jwt-passthrough'), ...agentBase }),
    z.strictObject({ inbound: z.literal('claims-as-headers'), ...agentBase, claims: claimNames }),
  ])
  .describe('An agent in AgentCore, and how it learns who calls');

export const telemetry = z
  .strictObject({
    capture: z.strictObject({ prompts: flag.optional(), completions: flag.optional() }).optional(),
    export: z
      .record(
        name,
        z.union([
          z.strictObject({ otlp: httpUrl, credential: name.optional() }),
          z.strictObject({ url: httpUrl, table: text('a table'), credential: name.optional() }),
        ]),
      )
      .optional(),
    labels: z.record(name, cel).optional().describe('Labels of metrics and records, in CEL'),
  })
  .describe('What is recorded, and where it goes');

export const deployment = z
  .strictObject({
    compute: z.enum(['lambda', 'managed-instances']).optional(),
    domain: z
      .strictObject({ name: text('a host name'), certificateArn: z.string('an ARN').startsWith('arn:', 'an ARN') })
      .optional(),
    waf: flag.optional(),
    alarms: z.strictObject({ email: z.email('an e-mail address') }).optional(),
  })
  .describe('What only the deployment in AWS has');
