import * as z from 'zod';
import { claimNames, routePolicy } from './schema-policy.ts';
import { cel, claimPath, duration, flag, globs, httpUrl, name, routePath, scope, some, text } from './schema-values.ts';

const FILE = 'the path of a file beside this one';

const serverBase = {
  credential: z
    .union([name, z.strictObject({ exchange: name, audience: text('an audience') })])
    .optional()
    .describe("A name under credentials, or the caller's token exchanged at an identity provider (RFC 8693)"),
  trusted: flag.optional().describe('Whether its descriptions and annotations are believed'),
  onFailure: z.enum(['fail', 'skip']).optional().describe('Whether its absence fails a list or shortens it'),
};

const server = z
  .union([
    z.strictObject({ url: httpUrl.describe('Where the MCP server is'), ...serverBase }),
    z.strictObject({
      openapi: text(FILE).describe('An OpenAPI document whose operations become tools'),
      baseUrl: httpUrl,
      include: z.strictObject({ tags: some(text('a tag')).optional(), operations: globs.optional() }).optional(),
      ...serverBase,
    }),
  ])
  .describe('An MCP server, or a REST API described by OpenAPI');

const toolRule = z.strictObject({ scope: scope.optional(), tools: globs.optional(), when: cel.optional() });

const mcpRoute = z.strictObject({
  servers: some(name).describe('Names under servers'),
  tools: z
    .strictObject({ deny: globs.optional().describe('Whatever the scope'), allow: some(toolRule).optional() })
    .optional(),
  scopeHierarchy: some(text('scopes with > between, as in mcp:admin > mcp:read')).optional(),
  pinning: z
    .strictObject({ mode: z.enum(['enforce', 'warn', 'off']), lockfile: text(FILE) })
    .optional()
    .describe('Tool definitions as they were approved; a changed one is hidden'),
  ...routePolicy,
});

export const mcp = z
  .strictObject({ servers: z.record(name, server).optional(), routes: z.record(routePath, mcpRoute).optional() })
  .describe('Tools: servers, and the routes that lead to them');

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
