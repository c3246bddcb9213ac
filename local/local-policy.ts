import { dirname, resolve } from 'node:path';
import { compilePolicy } from '../config/compile.ts';
import type { CompiledLlmProvider, CompiledPolicy } from '../config/compiled.ts';
import type { CompiledTokens } from '../config/compiled-tokens.ts';
import { identityIssuerNames, serverUrlNames } from '../config/issuer-names.ts';
import { type LoadOptions, loadGatewayConfig } from '../config/load.ts';
import type { GatewayConfig } from '../config/schema.ts';
import { envNameOf } from './memory/env-credentials.ts';
import { settleAgents } from './settle-agents.ts';
import { type ServerStandIns, SIMULATED, settleServers } from './settle-servers.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** Where the stand-ins are, for whatever the environment does not give. */
export interface StandIns extends ServerStandIns {
  readonly issuer: string;
  /** Base URL of the simulated providers, without a trailing slash. */
  readonly simulators: string;
}

/** Whether one thing outside is real on this machine, and what would change that. */
export interface Standing {
  readonly name: string;
  readonly url: string;
  readonly is: 'real' | 'stand-in';
  /** The environment variable that decides; absent where nothing has to be set. */
  readonly variable?: string;
}

export interface LocalPolicy {
  readonly policy: CompiledPolicy;
  readonly warnings: readonly string[];
  readonly identity: readonly Standing[];
  readonly providers: readonly Standing[];
  readonly servers: readonly Standing[];
  /** Credentials for stand-ins, by environment variable: simulated providers check that a key is there, not which. */
  readonly simulatedKeys: Env;
  /** As the policy names them, beside it. */
  readonly lockfiles: readonly string[];
  /** Files that the policy names under `mcp`: documents, and what was approved. */
  readonly files: readonly string[];
  /** Variables in whose place the client of the local identity provider is used. */
  readonly localClients: readonly string[];
  /** The issuer of the gateway's own tokens as the policy has it. Absent: it has none. Here the gateway's own address is it. */
  readonly replacedIssuer?: string;
}

/**
 * `gateway.yaml` as this machine can run it: an issuer that the environment does not give is the local identity provider, a
 * model provider whose credential it does not give is simulated, and so is an MCP server that has a stand-in.
 *
 * Errors: `ConfigError`, as for a deployment.
 */
export const readLocalPolicy = (
  text: string,
  file: string,
  env: Env,
  standIns: StandIns,
  options: Pick<LoadOptions, 'lockfiles'> = {},
): LocalPolicy => {
  const issuers = identityIssuerNames(text);
  const missing = issuers.filter(({ envName }) => (env[envName] ?? '') === '');
  const urls = serverUrlNames(text);
  const homeless = urls.filter((url) => url.default === undefined && (env[url.envName] ?? '') === '');
  const filled = {
    ...env,
    ...Object.fromEntries(missing.map(({ envName }) => [envName, standIns.issuer])),
    ...Object.fromEntries(homeless.map(({ server, envName }) => [envName, standInFor(server, standIns)])),
  };
  const { config, warnings } = loadGatewayConfig(text, { file, env: filled, ...options });
  const policy = compilePolicy(config);
  const settled = Object.values(policy.llm.providers).map((provider) => settle(provider, env, standIns));
  const urlVariables = new Map(urls.map(({ server, envName }) => [server, envName]));
  const mcp = settleServers(policy.mcp.servers, { env, issuer: standIns.issuer, standIns, urlVariables });
  const agents = settleAgents(policy.agents, standIns.issuer);
  return {
    policy: {
      ...policy,
      ...(policy.tokens === undefined ? {} : { tokens: issuedHere(policy.tokens) }),
      agents: agents.agents,
      llm: { ...policy.llm, providers: Object.fromEntries(settled.map(({ provider }) => [provider.name, provider])) },
      mcp: { ...policy.mcp, servers: mcp.servers },
    },
    warnings,
    identity: policy.identity.providers.map(({ name, issuer }) => {
      const variable = issuers.find(({ provider }) => provider === name)?.envName;
      const is = issuer === standIns.issuer ? 'stand-in' : 'real';
      return { name, url: issuer, is, ...(variable === undefined ? {} : { variable }) };
    }),
    providers: settled.map(({ standing }) => standing),
    servers: mcp.standings,
    simulatedKeys: Object.fromEntries(
      [...settled.flatMap(({ key }) => key ?? []), ...mcp.keys].map((key) => [key, SIMULATED]),
    ),
    lockfiles: lockfilesOf(config),
    files: filesOf(config).map((name) => resolve(dirname(file), name)),
    localClients: [...mcp.clients, ...agents.clients],
    ...(policy.tokens?.issuer === undefined ? {} : { replacedIssuer: policy.tokens.issuer }),
  };
};

/** What the policy names is not here: agents would look there for keys, and find none or those of a deployment. */
const issuedHere = ({ issuer: _, ...tokens }: CompiledTokens): CompiledTokens => tokens;

const filesOf = ({ mcp }: GatewayConfig): readonly string[] => [
  ...Object.values(mcp?.servers ?? {}).flatMap((server) => ('openapi' in server ? server.openapi : [])),
  ...lockfilesOf({ mcp }),
];

const lockfilesOf = ({ mcp }: Pick<GatewayConfig, 'mcp'>): readonly string[] =>
  Object.values(mcp?.routes ?? {}).flatMap(({ pinning }) => pinning?.lockfile ?? []);

/** What to put in place of an address that has no default; `undefined` leaves that to the loader. */
const standInFor = (server: string, standIns: ServerStandIns): string | undefined =>
  Object.hasOwn(standIns, server) ? standIns[server as keyof ServerStandIns] : undefined;

interface Settled {
  readonly provider: CompiledLlmProvider;
  readonly standing: Standing;
  /** The variable that gets a made-up key. */
  readonly key?: string;
}

const settle = (provider: CompiledLlmProvider, env: Env, { simulators }: StandIns): Settled => {
  const { name, baseUrl, credential } = provider;
  if (provider.kind === 'bedrock') return settleBedrock(provider, env, simulators);
  if (credential === undefined) return { provider, standing: { name, url: baseUrl, is: 'real' } };
  const variable = envNameOf(credential);
  if ((env[variable] ?? '').trim() !== '') return { provider, standing: { name, url: baseUrl, is: 'real', variable } };
  // What already points at this machine is somebody's own stand-in.
  const url = isLoopback(baseUrl) ? baseUrl : `${simulators}/${name}${simulatedPath(provider)}`;
  return { provider: { ...provider, baseUrl: url }, standing: { name, url, is: 'stand-in', variable }, key: variable };
};

/** Bedrock knows us by a signature. Its stand-in takes a key as Bedrock does too, so that nothing here has to sign. */
const settleBedrock = (provider: CompiledLlmProvider, env: Env, simulators: string): Settled => {
  const { name, region = env.AWS_REGION ?? 'us-east-1' } = provider;
  const baseUrl = provider.baseUrl.replace('{region}', region);
  const variable = 'AWS_ACCESS_KEY_ID';
  if ((env[variable] ?? '').trim() !== '') {
    return { provider: { ...provider, baseUrl, region }, standing: { name, url: baseUrl, is: 'real', variable } };
  }
  const url = isLoopback(baseUrl) ? baseUrl : `${simulators}/bedrock`;
  const credential = 'simulated-bedrock';
  return {
    provider: { ...provider, baseUrl: url, credential },
    standing: { name, url, is: 'stand-in', variable },
    key: envNameOf(credential),
  };
};

/** OpenAI's base URL ends in its version, the others' do not. */
const simulatedPath = ({ kind }: CompiledLlmProvider): string => (kind.startsWith('openai') ? '/v1' : '');

const isLoopback = (url: string): boolean => /^(localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
