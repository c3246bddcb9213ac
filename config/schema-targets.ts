import * as z from 'zod';
import { cel, flag, httpUrl, name, routePath, scope, some, text } from './schema-values.ts';

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
    agentCore: z
      .strictObject({
        credentialProvider: z
          .strictObject({
            exchange: name.describe("The identity provider at which callers' tokens are exchanged"),
            clientId: text('the id of a client').describe(
              'The client of AgentCore at that provider, which may exchange tokens. Its secret goes into the secret that the deployment makes for it',
            ),
            agents: some(name)
              .optional()
              .describe('Agents deployed from here that may get tokens from it for themselves. Default: none'),
          })
          .optional()
          .describe('An OAuth 2.0 credential provider in AgentCore Identity, for tokens on behalf of callers'),
        gateway: z
          .strictObject({
            route: routePath.describe('A path under mcp.routes'),
            audience: text('an audience')
              .optional()
              .describe("What exchanged tokens are for. Default: the first of the provider's audiences"),
            scopes: some(scope).describe('What exchanged tokens are asked for with'),
          })
          .optional()
          .describe(
            'A managed AgentCore Gateway in front of a route for MCP clients: the route governs it as it does everybody',
          ),
      })
      .optional(),
    alarms: z.strictObject({ email: z.email('an e-mail address') }).optional(),
  })
  .describe('What only the deployment in AWS has');
