import type { CompiledLlmRoute } from '../config/compiled.ts';
import type { CompiledAgent } from '../config/compiled-agents.ts';
import { DEMO_USERS } from './demo-users.ts';
import type { Standing } from './local-policy.ts';
import type { Local } from './start-local.ts';

/** What start-up says, for people. */
export const welcome = ({ url, loaded }: Local, config: string, port: number): string => {
  const { policy, warnings } = loaded;
  const user = port === 3000 ? 'jane' : `jane --port ${port}`;
  const call = (path: string, more: string): string =>
    [
      `curl ${more}${url}${path}/chat/completions`,
      `-H "authorization: Bearer $(npm run -s token -- ${user})"`,
      `-H 'content-type: application/json'`,
    ].join(' ');
  const { routes, providers } = policy.llm;
  const route =
    routes.find(({ provider = '' }) => providers[provider]?.kind === 'anthropic') ??
    routes.find(namedModel) ??
    routes[0];
  const model = (route && namedModel(route)) ?? 'claude-sonnet-4-5';
  const body = (stream: string): string =>
    `-d '{"model":"${model}",${stream}"messages":[{"role":"user","content":"hello"}]}'`;
  return [
    '',
    `Gatehouse is ready: ${policy.name}, policy ${policy.version} from ${config}`,
    '',
    `  gateway   ${url}`,
    ...policy.llm.routes.map(
      ({ basePath, provider, models }) =>
        `            ${url}${basePath}  ${provider ?? `models ${models?.join(', ')}`}`,
    ),
    ...policy.mcp.routes.map(({ path, servers }) => `            ${url}${path}  tools of ${servers.join(', ')}`),
    ...policy.agents.map(
      (agent) => `            ${url}${agentPath(agent)}  agent, told who asks by ${agent.inbound.type}`,
    ),
    ...loaded.identity.map((one) => `  identity  ${line(one)}`),
    ...(loaded.replacedIssuer === undefined
      ? []
      : [`  tokens    ${'gatehouse'.padEnd(10)} stand-in for ${loaded.replacedIssuer}  ${url}`]),
    ...loaded.providers.map((one) => `  provider  ${line(one)}`),
    ...loaded.servers.map((one) => `  server    ${line(one)}`),
    ...policy.agents.map((agent) => `  agent     ${agentLine(agent)}`),
    '',
    `  people    ${DEMO_USERS.map(({ name, scopes }) => `${name} (${scopes.join(' ') || 'no scope'})`).join('\n            ')}`,
    ...(warnings.length === 0 ? [] : ['', ...warnings.map((warning) => `  warning   ${warning}`)]),
    '',
    'Try:',
    ...(route === undefined
      ? []
      : [
          `  ${call(route.basePath, '')} ${body('')}`,
          `  ${call(route.basePath, '-N ')} ${body('"stream":true,')}`,
          `  curl ${url}${route.basePath}/models -H "authorization: Bearer $(npm run -s token -- ${user})"`,
        ]),
    ...policy.mcp.routes.slice(0, 1).map(({ path }) => `  ${listTools(`${url}${path}`, user)}`),
    ...policy.agents.slice(0, 1).map((agent) => `  ${askAgent(`${url}${agentPath(agent)}`, user)}`),
    '',
    'Each call is one line below and in .gatehouse/records.jsonl. Edit the policy and it is read again. Ctrl-C stops.',
    '',
  ].join('\n');
};

/** A model that the policy itself says a route serves. */
const namedModel = ({ model, models = [] }: CompiledLlmRoute): string | undefined =>
  model ?? models.find((entry) => !entry.includes('*'));

const listTools = (url: string, user: string): string =>
  [
    `curl ${url} -H "authorization: Bearer $(npm run -s token -- ${user})"`,
    `-H 'content-type: application/json' -H 'accept: application/json, text/event-stream'`,
    `-d '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'`,
  ].join(' ');

const agentPath = ({ path, protocol }: CompiledAgent): string => (protocol === 'a2a' ? path : `${path}/invocations`);

/** AgentCore itself can't be reached without an account: agents run here, or not at all. */
const agentLine = ({ name, runtime }: CompiledAgent): string =>
  `${name.padEnd(14)} ${runtime.type === 'source' ? `stand-in of AgentCore, with the agent of ${runtime.folder}/ in it` : `not reached from here: ${runtime.arn}`}`;

const askAgent = (url: string, user: string): string =>
  [
    `curl ${url} -H "authorization: Bearer $(npm run -s token -- ${user})"`,
    `-H 'content-type: application/json' -d '{"prompt":"List the channels of slack"}'`,
  ].join(' ');

const line = ({ name, url, is, variable }: Standing): string => {
  const why =
    variable === undefined ? '' : is === 'stand-in' ? `; set ${variable} for the real one` : `; ${variable} is set`;
  return `${name.padEnd(10)} ${is}${why}  ${url}`;
};

/** The same for programs: one line of JSON. */
export const readyLine = ({ url, issuer, loaded }: Local): string =>
  JSON.stringify({
    kind: 'ready',
    url,
    issuer,
    policy: loaded.policy.version,
    identity: loaded.identity,
    ...(loaded.replacedIssuer === undefined
      ? {}
      : { tokens: { name: 'gatehouse', url, is: 'stand-in', for: loaded.replacedIssuer } }),
    providers: loaded.providers,
    servers: loaded.servers,
    agents: loaded.policy.agents.map((agent) => ({ name: agent.name, url: `${url}${agentPath(agent)}` })),
    users: DEMO_USERS.map(({ name, scopes }) => ({ name, scopes })),
    warnings: loaded.warnings,
  });
