import fc from 'fast-check';
import type { CompiledMcp, CompiledMcpRoute, CompiledToolRule } from '../../../config/compiled-mcp.ts';
import { includedScopes } from '../../../config/scope-hierarchy.ts';
import { noFacts } from '../../../lambda/core/call.ts';
import type { CatalogTool, Raw } from '../../../lambda/core/mcp.ts';
import type { Principal } from '../../../lambda/core/principal.ts';
import { createToolDecision, type McpCallLike } from '../../../lambda/policy/tool-rules.ts';
import { compiledRoute, compiledServer } from '../../support/mcp-gateway.ts';

export const person = (scopes: readonly string[], roles: readonly string[] = []): Principal => ({
  id: `id of ${scopes.join()}`,
  issuer: 'https://issuer.example',
  sub: 'jane',
  clientId: 'client',
  scopes,
  roles,
  groups: [],
  claims: {},
});

export const asking = (principal: Principal, method: string, args?: Raw): McpCallLike => ({
  id: 'req_1',
  principal,
  token: undefined,
  request: { method: 'POST', path: '/mcp', headers: {}, ip: '127.0.0.1' },
  route: '/mcp',
  signal: new AbortController().signal,
  facts: noFacts(),
  method,
  ...(args === undefined ? {} : { arguments: args }),
});

export const toList = (principal: Principal): McpCallLike => asking(principal, 'tools/list');
export const toCall = (principal: Principal, args?: Raw): McpCallLike => asking(principal, 'tools/call', args);

export const tool = (name: string, target = 'slack', annotations?: Raw): CatalogTool => ({
  target,
  name,
  exposedName: `${target}__${name}`,
  definition: { name, inputSchema: { type: 'object' }, ...(annotations === undefined ? {} : { annotations }) },
  list: [],
});

const HIERARCHY = includedScopes([['mcp:admin', 'mcp:write', 'mcp:read']]);

export const route = (rules: {
  readonly deny?: readonly string[];
  readonly allow?: readonly CompiledToolRule[];
  readonly authorization?: Partial<CompiledMcpRoute['authorization']>;
  readonly scopeHierarchy?: CompiledMcpRoute['scopeHierarchy'];
}): CompiledMcpRoute =>
  compiledRoute({
    auth: 'strict',
    servers: ['slack', 'github', 'petstore'],
    authorization: { allow: [], deny: [], require: [], default: 'allow', ...rules.authorization },
    tools: { deny: rules.deny ?? [], ...(rules.allow === undefined ? {} : { allow: rules.allow }) },
    scopeHierarchy: rules.scopeHierarchy ?? HIERARCHY,
  });

export const server = (name: string, trusted: boolean): CompiledMcp['servers'][string] =>
  compiledServer({ name, url: 'https://a.example', trusted });

export const SERVERS = { slack: server('slack', false), github: server('github', true) };

/** Decides about one tool as if nobody had asked about another. */
export const decider = (rules: Parameters<typeof route>[0], servers: CompiledMcp['servers'] = SERVERS) => {
  const decide = createToolDecision(route(rules), servers);
  return (call: McpCallLike, one: CatalogTool) => decide(call).of(one);
};

export const ADMIN = person(['mcp:admin']);
export const READER = person(['mcp:read']);

const scopes = fc.subarray(['mcp:read', 'mcp:write', 'mcp:admin', 'pets:write', 'llm:call']);
const pattern = fc.constantFrom('*', 'list_*', '*_x', 'post_x', '*delete*', 'github__*', 'LIST-X');
export const condition = fc.constantFrom(
  'true',
  "'staff' in principal.roles",
  "tool.target == 'github'",
  'tool.annotations.readOnlyHint',
  'claims.missing == 1',
  "'llm:call' in principal.scopes",
  "mcp.method == 'tools/list'",
);
export const aboutArguments = fc.constantFrom(
  'tool.arguments.n == 1',
  'has(tool.arguments.n)',
  "'staff' in principal.roles && tool.arguments.n > 0",
  "!(tool.name == 'list_x' || tool.arguments.n == 1)",
  "tool.target == 'slack' ? tool.arguments.n == 1 : true",
);
export const rules = (when: fc.Arbitrary<string>) =>
  fc.record(
    {
      deny: fc.array(pattern, { maxLength: 1 }),
      allow: fc.array(
        fc.record(
          {
            scope: fc.constantFrom('mcp:read', 'mcp:write', 'mcp:admin'),
            tools: fc.array(pattern, { minLength: 1 }),
            when,
          },
          { requiredKeys: [] },
        ),
        { maxLength: 3 },
      ),
      authorization: fc.record(
        {
          allow: fc.array(when, { maxLength: 2 }),
          deny: fc.array(when, { maxLength: 1 }),
          require: fc.array(when, { maxLength: 1 }),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  );
export const who = fc.tuple(scopes, fc.subarray(['staff'])).map(([held, roles]) => person(held, roles));
export const which = fc
  .tuple(
    fc.constantFrom('list_x', 'post_x', 'delete_x', 'List_x', 'other'),
    fc.constantFrom('slack', 'github'),
    fc.boolean(),
  )
  .map(([name, target, readOnlyHint]) => tool(name, target, { readOnlyHint }));
export const args = fc.option(fc.record({ n: fc.constantFrom<unknown>(0, 1, 'x') }, { requiredKeys: [] }), {
  nil: undefined,
});
