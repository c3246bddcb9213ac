import type { CompiledMcp, CompiledMcpCredential, CompiledMcpServer } from '../config/compiled-mcp.ts';
import type { Env, Standing } from './local-policy.ts';
import { envNameOf } from './memory/env-credentials.ts';

/** Where the stand-ins of MCP servers and APIs are, by the name that a policy gives to what they stand for. */
export interface ServerStandIns {
  readonly slack: string;
  readonly github: string;
  readonly petstore: string;
}

/** What the stand-ins with a static credential take for one. */
export const SIMULATED = 'simulated';

export interface SettledServers {
  readonly servers: CompiledMcp['servers'];
  readonly standings: readonly Standing[];
  /** Variables that get a made-up secret. */
  readonly keys: readonly string[];
  /** Variables that get the client of the local identity provider. */
  readonly clients: readonly string[];
}

export interface Surroundings {
  readonly env: Env;
  /** Of the local identity provider. */
  readonly issuer: string;
  readonly standIns: ServerStandIns;
  /** Server → the variable that its URL is read from. */
  readonly urlVariables: ReadonlyMap<string, string>;
}

/**
 * Servers as this machine can reach them: one that the environment gives neither an address nor a credential for is played by
 * the stand-in of its name, if there is one.
 */
export const settleServers = (servers: CompiledMcp['servers'], surroundings: Surroundings): SettledServers => {
  const settled = Object.values(servers).map((server) => settle(server, surroundings));
  return {
    servers: Object.fromEntries(settled.map(({ server }) => [server.name, server])),
    standings: settled.map(({ standing }) => standing),
    keys: settled.flatMap(({ keys = [] }) => keys),
    clients: settled.flatMap(({ clients = [] }) => clients),
  };
};

interface Settled {
  readonly server: CompiledMcpServer;
  readonly standing: Standing;
  readonly keys?: readonly string[];
  readonly clients?: readonly string[];
}

const settle = (server: CompiledMcpServer, surroundings: Surroundings): Settled => {
  const { env, standIns, urlVariables } = surroundings;
  const { name, credential } = server;
  const variable = urlVariables.get(name) ?? variableOf(credential);
  const about = { name, ...(variable === undefined ? {} : { variable }) };
  const url = Object.hasOwn(standIns, name) ? standIns[name as keyof ServerStandIns] : undefined;
  const own = server.type === 'http' ? server.url : server.baseUrl;
  // A key is for one server. A client of the identity provider is for any number, and says nothing about this one.
  const deciding = [variable, credential.type === 'static' ? variableOf(credential) : undefined].filter(
    (one) => one !== undefined,
  );
  const isGiven = deciding.length === 0 || deciding.some((one) => isSet(env, one));
  if (url === undefined || (isGiven && own !== url) || !takesTokens(server, surroundings)) {
    return { server, standing: { ...about, url: own, is: 'real' } };
  }
  const { listCredential: _, ...kept } = server;
  const here = { ...kept, credential: asTheStandInHasIt(credential), privateHost: true };
  return {
    server: here.type === 'http' ? { ...here, url } : { ...here, baseUrl: url },
    standing: { ...about, url, is: 'stand-in' },
    ...(credential.type === 'static' ? { keys: [envNameOf(credential.credential)] } : {}),
    ...('client' in credential ? { clients: [envNameOf(credential.client)] } : {}),
  };
};

/** Where the real identity provider gives the tokens, the stand-in could not read them. */
const takesTokens = ({ credential }: CompiledMcpServer, { issuer }: Surroundings): boolean =>
  !('tokenUrl' in credential) || credential.tokenUrl.startsWith(`${issuer}/`);

const asTheStandInHasIt = (credential: CompiledMcpCredential): CompiledMcpCredential =>
  credential.type === 'static' ? { ...credential, header: 'authorization', scheme: 'Bearer' } : credential;

const variableOf = (credential: CompiledMcpCredential): string | undefined => {
  if (credential.type === 'static') return envNameOf(credential.credential);
  return 'client' in credential ? envNameOf(credential.client) : undefined;
};

const isSet = (env: Env, variable: string): boolean => (env[variable] ?? '').trim() !== '';
