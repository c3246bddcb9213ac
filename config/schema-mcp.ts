import * as z from 'zod';
import { routePolicy } from './schema-policy.ts';
import {
  annotationHints,
  cel,
  durationUpTo,
  flag,
  globs,
  headerName,
  httpUrl,
  name,
  positive,
  routePath,
  scope,
  serverName,
  some,
  someDurationUpTo,
  text,
} from './schema-values.ts';

const FILE = 'the path of a file beside this one';

const scopes = some(scope).optional();

const client = name
  .optional()
  .describe(
    'The credential with the client id and secret, or private key, of this gateway at the identity provider, as JSON. Default: <provider>-client, which need not stand under credentials',
  );

const fixed = z.strictObject({
  secret: name.describe('A name under credentials'),
  header: headerName.optional().describe('Default: authorization'),
  scheme: z
    .string('a word such as Bearer, or "" for none')
    .regex(/^[A-Za-z0-9-]{0,32}$/, 'a word such as Bearer, or "" for none')
    .optional()
    .describe('What stands before the secret. Default: Bearer in authorization, nothing in other headers'),
});

const clientCredentials = z.strictObject({
  clientCredentials: name.describe('The identity provider whose token the gateway gets for itself (RFC 6749 §4.4)'),
  audience: text('an audience').optional(),
  scopes,
  client,
});

const exchange = z.strictObject({
  exchange: name.describe(
    "The identity provider at which the caller's token is exchanged (RFC 8693; RFC 7523 at Entra), or gatehouse: then this gateway makes the token, and the server trusts this gateway",
  ),
  audience: text('an audience'),
  scopes,
  client,
});

const server = {
  credential: z
    .union([name, fixed, exchange, clientCredentials])
    .optional()
    .describe(
      "How the server is told who calls: a name under credentials, sent as a bearer token; or an exchange, so that it is called as the user. The caller's own token is never sent. Default: nothing is sent",
    ),
  listCredential: z
    .union([name, fixed, clientCredentials])
    .optional()
    .describe('For listing, where that is not done as the user. Default: credential'),
  trusted: flag
    .optional()
    .describe(
      "Whether its annotations may open anything (readOnlyHint of others is taken for false), and whether it may ask the user, or the user's model, for something in the middle of a call (elicitation, sampling, roots). Default: false; true for an OpenAPI document, which is a file of yours",
    ),
  onFailure: z
    .enum(['skip', 'fail'])
    .optional()
    .describe('Whether its absence shortens a list, which is reported, or fails it. Default: skip'),
  timeouts: z
    .strictObject({
      connect: someDurationUpTo('1m').optional().describe('Default: 5s'),
      firstByte: someDurationUpTo('15m').optional().describe('Default: 30s'),
      total: someDurationUpTo('15m').optional().describe('Progress does not extend it. Default: 60s'),
    })
    .optional(),
  concurrency: positive
    .max(1_000, 'a whole number of at most 1000')
    .optional()
    .describe('Calls to it at once from one process; others wait. Default: 16'),
  catalogTtl: durationUpTo('24h')
    .optional()
    .describe('How long its lists are served again before they are asked for. Default: 5m'),
  privateHost: flag
    .optional()
    .describe(
      'Whether its host may have a private address. Default: true where the URL says so itself: such an address, localhost, a name without dots or under .internal or .local',
    ),
};

const operations = {
  tags: some(text('a tag')).optional(),
  operations: globs.optional().describe('Names of tools, or ids of operations'),
  paths: globs.optional().describe('Paths as in the document: /admin/*'),
  methods: some(z.enum(['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace'])).optional(),
};

const override = z.strictObject({
  name: text('a name').optional(),
  title: text().optional(),
  description: text().optional(),
  hidden: flag.optional(),
  scopes: z.array(scope).optional().describe("Scopes a caller needs, in place of those of the document's security"),
  annotations: annotationHints.optional(),
  cookies: some(text('the name of a cookie')).optional().describe('Cookies that become arguments'),
});

export const openApiServer = z.strictObject({
  openapi: text(FILE).describe('An OpenAPI document whose operations become tools when the policy is read'),
  baseUrl: httpUrl.describe('Where the API is, whatever its document says'),
  include: z
    .strictObject({ ...operations, deprecated: flag.optional() })
    .optional()
    .describe('Only what fits each of these'),
  exclude: z.strictObject(operations).optional().describe('Nothing that fits one of these'),
  overrides: z
    .record(text('the name of a tool, in which * stands for anything'), override)
    .optional()
    .describe('What is said of single tools, in place of what the document says'),
  inlineDepth: positive
    .max(10, 'a whole number of at most 10')
    .optional()
    .describe('References are written out so deep, for clients that can not read $ref'),
  ...server,
});

const httpServer = z.strictObject({
  url: httpUrl.describe('Where the MCP server is (Streamable HTTP)'),
  era: z
    .enum(['auto', 'modern', 'legacy'])
    .optional()
    .describe('modern: 2026-07-28. legacy: what came before. auto finds out. Default: auto'),
  ...server,
});

const toolRule = z
  .strictObject({
    scope: scope.optional().describe('Held, or included in one that is'),
    tools: globs.optional().describe("The tool's own name, exactly"),
    when: cel.optional(),
  })
  .describe('Allows a tool where everything that stands here holds');

const tools = z.strictObject({
  deny: globs
    .optional()
    .describe(
      'Whatever the scope. Matched on the own name of a tool and on the one that clients see; case and separators make no difference: delete_* is delete*',
    ),
  allow: some(toolRule).optional().describe('One of these has to hold. Default: every tool that is not denied'),
});

const pinning = z
  .discriminatedUnion('mode', [
    z.strictObject({ mode: z.literal(['enforce', 'warn']), lockfile: text(FILE) }),
    z.strictObject({ mode: z.literal('off'), lockfile: text(FILE).optional() }),
  ])
  .describe(
    'Tool definitions as they were approved with npm run mcp:pins. enforce: one that is new or has changed is hidden. warn: it is reported. Default: off',
  );

const mcpRoute = z
  .strictObject({
    servers: some(name).describe('Names under servers, in the order of their lists'),
    prefix: z
      .enum(['always', 'never'])
      .optional()
      .describe('Whether tools are called <server>__<tool>. Default: always'),
    tools: tools.optional().describe('Who may use which tool, on top of authorization'),
    scopeHierarchy: some(text('scopes with > between, as in mcp:admin > mcp:read'))
      .optional()
      .describe('Scopes that include others: mcp:admin > mcp:write > mcp:read'),
    stepUp: flag
      .optional()
      .describe(
        'Whether a call that a further scope would allow is answered with 403 and that scope, and the tool is listed. On API Gateway clients get the 403 without its challenge (decision 008). Default: false, the tool is unknown',
      ),
    search: flag
      .optional()
      .describe('find_tools and call_tool in place of a list that is too long for a model. Default: false'),
    pinning: pinning.optional(),
    maxResultBytes: positive
      .max(10_485_760, 'a whole number of at most 10485760')
      .optional()
      .describe('What is longer is cut, and says so. Default: 1048576'),
    scanResults: flag
      .optional()
      .describe(
        'Whether what tools answer is scanned for words to the model and hidden text, as their definitions are: what is found stands in the record. Default: false',
      ),
    outputSchema: z
      .enum(['off', 'warn', 'strict'])
      .optional()
      .describe(
        'What happens to a result that is not as the outputSchema of its tool says. warn: the record says so. strict: an error in its place. What can not be judged passes. Default: warn',
      ),
    authorizationServer: name
      .optional()
      .describe(
        'The identity provider that MCP clients are sent to through this gateway, which mends what they stumble over there. Default: clients are sent to the issuers themselves',
      ),
    ...routePolicy,
  })
  .describe('A path that MCP clients use');

export const mcp = z
  .strictObject({
    servers: z
      .record(serverName, z.union([httpServer, openApiServer]))
      .optional()
      .describe('MCP servers, and REST APIs described by OpenAPI'),
    routes: z.record(routePath, mcpRoute).optional(),
  })
  .describe('Tools: servers, and the routes that lead to them');
