import { describe, expect, test } from '@jest/globals';
import { compilePolicy } from '../../config/compile.ts';
import { loadGatewayConfig } from '../../config/load.ts';
import { llmCredentials, mcpCredentials } from '../../lib/credentials-used.ts';
import { openPaths, protectedPaths } from '../../lib/mcp-paths.ts';

const IDENTITY = `
identity:
  providers:
    okta: { kind: okta, issuer: https://okta.example/oauth2/default, audiences: [api://default] }
`;

const policy = (routes: string, identity = IDENTITY) =>
  compilePolicy(
    loadGatewayConfig(
      `
name: test
${identity}
credentials: { model-key: {}, docs-key: {}, list-key: {}, unused: {} }
defaults: { authorization: { default: allow } }
llm:
  providers: { anthropic: { kind: anthropic, credential: model-key } }
  routes: { /v1: { provider: anthropic } }
mcp:
  servers:
    docs: { url: https://docs.example/mcp, credential: docs-key, listCredential: list-key }
    open: { url: https://open.example/mcp }
  routes:
${routes}
`,
      { file: 'gateway.yaml', env: {} },
    ).config,
  );

const shown = (routes: string, identity?: string): string[] =>
  openPaths(policy(routes, identity)).map(({ path, methods }) => `${methods.join('+')} ${path}`);

describe('what asks nobody for a token', () => {
  test('is GET and DELETE of a route, which sessions would need, and where to get a token', () => {
    expect(shown('    /mcp: { servers: [docs] }')).toEqual([
      'GET+DELETE /mcp',
      'GET+OPTIONS /.well-known/oauth-protected-resource',
      'GET+OPTIONS /.well-known/oauth-protected-resource/mcp',
    ]);
  });

  test('is no metadata where no token means anything, or no provider of them is known', () => {
    expect(shown('    /mcp: { servers: [open], auth: none }')).toEqual(['GET+DELETE /mcp']);
    const keys = `identity: { apiKeys: { bot: { sha256: "${'0'.repeat(64)}" } } }`;
    expect(shown('    /mcp: { servers: [docs] }', keys)).toEqual(['GET+DELETE /mcp']);
  });

  test('is an identity provider that clients reach through the gateway, once for all its routes', () => {
    const routes = ['/a', '/b'].map((path) => `    ${path}: { servers: [docs], authorizationServer: okta }`).join('\n');
    expect(protectedPaths(policy(routes))).toEqual(['/a', '/b']);
    expect(shown(routes).slice(5)).toEqual([
      'GET+OPTIONS /.well-known/oauth-authorization-server/authorization/okta',
      'GET+OPTIONS /authorization/okta/.well-known/oauth-authorization-server',
      'GET+OPTIONS /.well-known/openid-configuration/authorization/okta',
      'GET+OPTIONS /authorization/okta/.well-known/openid-configuration',
      'GET /authorization/okta/authorize',
      'POST+OPTIONS /authorization/okta/token',
      'POST+OPTIONS /authorization/okta/register',
    ]);
  });
});

test('each function gets the credentials that it needs, and one that nobody needs is read by none', () => {
  const both = policy('    /mcp: { servers: [docs, open] }');
  expect([llmCredentials(both), mcpCredentials(both)]).toEqual([['model-key'], ['docs-key', 'list-key']]);
});
