import { OWN_ISSUER } from './check-agents.ts';
import { hint } from './nearest.ts';
import { type Finding, showPath } from './problem.ts';
import { isMarkedSecret, looksSecret } from './secrets.ts';
import { namesAt, type Selected, selectText } from './select.ts';

type Reference = readonly [used: string, declared: readonly string[], noun: string, builtIn?: string];

/** Where names are used, and where they are declared. */
const REFERENCES: readonly Reference[] = [
  ['llm.routes.*.provider', ['llm.providers'], 'provider'],
  ['llm.providers.*.credential', ['credentials'], 'credential'],
  ['guardrails.*.credential', ['credentials'], 'credential'],
  ['mcp.servers.*.credential', ['credentials'], 'credential'],
  ['mcp.servers.*.listCredential', ['credentials'], 'credential'],
  ...['credential', 'listCredential'].flatMap((key): Reference[] => [
    [`mcp.servers.*.${key}.secret`, ['credentials'], 'credential'],
    [`mcp.servers.*.${key}.client`, ['credentials'], 'credential'],
    [`mcp.servers.*.${key}.exchange`, ['identity.providers'], 'identity provider', OWN_ISSUER],
    [`mcp.servers.*.${key}.clientCredentials`, ['identity.providers'], 'identity provider'],
  ]),
  ['identity.providers.*.clients.mcp.credential', ['credentials'], 'credential'],
  ['mcp.routes.*.authorizationServer', ['identity.providers'], 'identity provider'],
  ['mcp.routes.*.servers.*', ['mcp.servers'], 'server'],
  ['deployment.agentCore.credentialProvider.exchange', ['identity.providers'], 'identity provider'],
  ['deployment.agentCore.credentialProvider.agents.*', ['agents'], 'agent'],
  ['deployment.agentCore.gateway.route', ['mcp.routes'], 'MCP route'],
  ['agents.*.obo.client', ['credentials'], 'credential'],
  ['tokens.clients.*.authentication.secret', ['credentials'], 'credential'],
  ['tokens.clients.*.authentication.actorToken.issuer', ['tokens.actorIssuers', 'identity.providers'], 'issuer'],
  ['defaults.guardrails.*', ['guardrails'], 'guardrail'],
  ['llm.routes.*.guardrails.*', ['guardrails'], 'guardrail'],
  ['mcp.routes.*.guardrails.*', ['guardrails'], 'guardrail'],
  ['agents.*.guardrails.*', ['guardrails'], 'guardrail'],
  ['decisions.*.on.*', ['llm.routes', 'mcp.routes'], 'route'],
];

/** Where `provider/model` may stand. */
const TARGETS = [
  'llm.models.*.*',
  'llm.models.*.*.target',
  'llm.models.*.targets.*',
  'llm.models.*.targets.*.target',
  'llm.routes.*.fallbacks.*',
  'llm.routes.*.models.*',
];

type Text = Selected & { readonly value: string };

const dangling = (
  { path, value }: Text,
  name: string,
  noun: string,
  declared: readonly string[],
  where: string,
): Finding[] => {
  if (declared.includes(name)) return [];
  const secret = looksSecret(value);
  return [
    {
      path,
      at: 'value',
      message: secret
        ? `${showPath(path)}: expected the name of a ${noun}, found something that looks like a secret and is not shown: put it in Secrets Manager or .env and name it under credentials`
        : `${showPath(path)}: no ${noun} ${name} under ${where}${hint(name, declared, 'declared')}`,
    },
  ];
};

/** Names that point nowhere. */
export const checkNames = (root: unknown): readonly Finding[] => [
  ...REFERENCES.flatMap(([used, declaredAt, noun, builtIn]) => {
    const declared = declaredAt.flatMap((place) => namesAt(root, place));
    return selectText(root, used)
      .filter(({ value }) => value !== builtIn)
      .flatMap((one) => dangling(one, one.value, noun, declared, declaredAt.join(' or ')));
  }),
  ...selectText(root, 'llm.routes.*.models.*')
    .filter(({ value }) => !value.includes('/'))
    .flatMap((one) => dangling(one, one.value, 'model', namesAt(root, 'llm.models'), 'llm.models')),
  ...TARGETS.flatMap((place) => {
    const declared = namesAt(root, 'llm.providers');
    return selectText(root, place)
      .filter(({ value }) => value.includes('/'))
      .flatMap((one) =>
        dangling(one, one.value.slice(0, one.value.indexOf('/')), 'provider', declared, 'llm.providers'),
      );
  }),
  // Names that are secrets themselves: looser than elsewhere, since people paste here.
  ...namesAt(root, 'credentials')
    .filter((name) => looksSecret(name) && !isMarkedSecret(name))
    .map(
      (name): Finding => ({
        path: ['credentials', name],
        at: 'key',
        message:
          'credentials: expected a name such as openai-api-key, found something that looks like a secret and is not shown',
      }),
    ),
];
