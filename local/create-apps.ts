import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CompiledPolicy } from '../config/compiled.ts';
import type { CompiledMcpServer } from '../config/compiled-mcp.ts';
import { OWN_CLIENT } from '../config/compiled-tokens.ts';
import { createAgentsApp } from '../lambda/agents/app.ts';
import type { RuntimeAddress } from '../lambda/agents/ports.ts';
import { createSignRequest } from '../lambda/aws/sign-request.ts';
import { systemClock as clock } from '../lambda/core/clock.ts';
import { Refusal } from '../lambda/core/refusal.ts';
import type { GatewayEnv } from '../lambda/http/gateway-env.ts';
import { fetchJson } from '../lambda/identity/fetch-json.ts';
import { createIdentify } from '../lambda/identity/identify.ts';
import { withOwnTokens } from '../lambda/identity/own-provider.ts';
import { createIssueToken } from '../lambda/issuing/create-issue-token.ts';
import type { SigningKeys } from '../lambda/issuing/signing-keys.ts';
import { createLlmApp } from '../lambda/llm/app.ts';
import { lazyVocabulary } from '../lambda/llm/lazy-vocabulary.ts';
import type { LlmPorts } from '../lambda/llm/ports.ts';
import { createMcpApp } from '../lambda/mcp/app.ts';
import { cachedCredentials } from '../lambda/outbound-auth/cached-credentials.ts';
import { createOutboundAuth } from '../lambda/outbound-auth/create-outbound-auth.ts';
import { createUrlGuard, privateUrlsOf } from '../lambda/outbound-auth/guard-url.ts';
import type { OutboundAuth } from '../lambda/outbound-auth/outbound-auth.ts';
import { rememberRefusals } from '../lambda/policy/remember-refusals.ts';
import { createSend } from '../lambda/providers/send.ts';
import { createTargets } from '../lambda/targets/create-targets.ts';
import type { Records } from '../lambda/telemetry/record.ts';
import { createTokenApp } from '../lambda/token/app.ts';
import { TOKEN_DOCUMENTS, TOKEN_PATH } from '../lambda/token/paths.ts';
import { type AgentRuntimes, LOCAL_REGION, localArn } from './agent-runtimes.ts';
import type { Env, LocalPolicy } from './local-policy.ts';
import { memoryCatalogStore } from './memory/catalog-store.ts';
import { envCredentials, envNameOf } from './memory/env-credentials.ts';
import { memoryLimitCounter } from './memory/limit-counter.ts';
import { memoryProviderHealth } from './memory/provider-health.ts';
import { memoryUsedTokens } from './memory/used-tokens.ts';

/** What the gateway runs in on this machine, whatever its policy says. */
export interface Surroundings {
  readonly env: Env;
  readonly records: Records;
  /** Where callers find the gateway. No trailing slash. */
  readonly url: string;
  /** With what the gateway's own tokens are signed. */
  readonly keys: SigningKeys;
  /** Where agents run. */
  readonly runtimes: Pick<AgentRuntimes, 'endpoint' | 'credentials'>;
  /** The gateway as the local identity provider knows it. */
  readonly client: { readonly id: string; readonly secret: string };
  readonly print: (line: string) => void;
}

type Fetch = (request: Request, env: GatewayEnv) => Promise<Response>;

/** Names of this machine: another one in a request is a page's that was made to point here. */
const OWN_HOSTS = ['127.0.0.1', 'localhost'];

/** Makes the gateway of a policy, again and again: what is counted and known of providers outlives a change of the policy. */
export const createApps = (surroundings: Surroundings): ((loaded: LocalPolicy) => Fetch) => {
  const { env, records, client, print, url, keys, runtimes } = surroundings;
  const counter = rememberRefusals(memoryLimitCounter(clock), clock);
  const health = memoryProviderHealth(clock);
  const send = createSend();
  const catalogStore = memoryCatalogStore(clock);
  const [stateKey, sessionKey] = [randomBytes(32), randomBytes(32)];
  const usedTokens = memoryUsedTokens(clock);
  const vocabulary = lazyVocabulary(
    () => import('../lambda/llm/o200k.ts'),
    (error) => print(JSON.stringify({ kind: 'bug', id: 'vocabulary', stack: stackOf(error) })),
  );
  const ownClient = JSON.stringify({ clientId: client.id, clientSecret: client.secret });
  /** The gateway at its own token endpoint. */
  const atHome = JSON.stringify({ clientId: OWN_CLIENT, clientSecret: randomBytes(32).toString('base64url') });

  return ({ policy, simulatedKeys, localClients }) => {
    const clients = Object.fromEntries(localClients.map((variable) => [variable, ownClient]));
    const own = { [envNameOf(OWN_CLIENT)]: atHome };
    const credentials = cachedCredentials(envCredentials({ ...env, ...simulatedKeys, ...clients, ...own }), clock);
    const issuer = policy.tokens === undefined ? undefined : (policy.tokens.issuer ?? url);
    const newId = (): string => `req_${randomUUID().replaceAll('-', '')}`;
    const shared = {
      identify: createIdentify(withOwnTokens(policy.identity, issuer), { fetchJson, clock }),
      counter,
      records,
      clock,
      newId,
      logBug: (id: string, error: unknown) => print(JSON.stringify({ kind: 'bug', id, stack: stackOf(error) })),
    };
    const llm = createLlmApp(policy, {
      ...shared,
      credentials,
      send,
      ...signing(env),
      health,
      random: Math.random,
      vocabulary,
    });
    const outbound = {
      ...guarded(policy, url),
      clock,
      credentials,
      newId,
      ...(issuer === undefined ? {} : { ownIssuer: issuer }),
    };
    const auth = (server: CompiledMcpServer): OutboundAuth => createOutboundAuth(server.credential, outbound);
    const mcp = createMcpApp(policy, {
      ...shared,
      targets: createTargets(policy.mcp, { ...outbound, auth, catalogStore }),
      catalogStore,
      stateKey: async () => stateKey,
      randomBytes,
      ownHosts: OWN_HOSTS,
      authorization: outbound,
    });
    const issueToken = createIssueToken({ issuer: issuer ?? url, keys, clock, newId });
    const agents = createAgentsApp(policy, {
      ...shared,
      send,
      sign: createSignRequest({ region: LOCAL_REGION, credentials: () => runtimes.credentials, clock }),
      runtimeOf: runtimeOf(policy, runtimes.endpoint),
      ...(issuer === undefined ? {} : { issueToken }),
      issuer: issuer ?? url,
      outbound,
      sessionKey: async () => sessionKey,
      random: Math.random,
      sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    });
    const tokens =
      issuer === undefined
        ? undefined
        : createTokenApp(policy, { ...shared, keys, issueToken, issuer, credentials, fetchJson, usedTokens });
    const isForMcp = isMcpPath(policy);
    return async (request, about) => {
      const path = new URL(request.url).pathname;
      if (isForMcp(path)) return mcp.fetch(request, about);
      if (isAgentPath(path)) return agents.fetch(request, about);
      return (isTokenPath(path) ? (tokens ?? llm) : llm).fetch(request, about);
    };
  };
};

/** The network, without everything on this machine and around it that the policy does not name. */
const guarded = (policy: CompiledPolicy, url: string) => {
  const { guardUrl, lookup } = createUrlGuard([...privateUrlsOf(policy), url]);
  return { send: createSend({ lookup }), guardUrl };
};

const TELLS_OF_TOKENS =
  /^\/(?:\.well-known\/(?:oauth-protected-resource(?:\/|$)|(?:oauth-authorization-server|openid-configuration)\/authorization\/)|authorization\/)/;

/** What is for MCP clients: its routes, and what tells them where to get a token. API Gateway has the same paths. */
const isMcpPath =
  ({ mcp }: CompiledPolicy) =>
  (path: string): boolean =>
    mcp.routes.some((route) => route.path === path) || TELLS_OF_TOKENS.test(path);

/** What API Gateway gives to the functions for agents and for tokens. */
const isAgentPath = (path: string): boolean => /^\/(?:agents|a2a)\/|^\/invoke$/.test(path);
const isTokenPath = (path: string): boolean => [TOKEN_PATH, ...TOKEN_DOCUMENTS].includes(path);

/** Agents of this machine. One that the policy names by its ARN runs in an account that can't be reached from here. */
const runtimeOf =
  ({ agents }: CompiledPolicy, endpoint: string) =>
  async (name: string): Promise<RuntimeAddress> => {
    const agent = agents.find((one) => one.name === name);
    if (agent?.runtime.type !== 'source') throw new Refusal('agent_unavailable', { agent: name, reason: 'not-here' });
    return { arn: localArn(name), qualifier: agent.runtime.qualifier, endpoint };
  };

/** Only with the credentials that AWS's own tools take from the environment. */
const signing = ({ AWS_REGION: region = 'us-east-1', ...env }: Env): Pick<LlmPorts, 'sign'> => {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env;
  if (accessKeyId === undefined || secretAccessKey === undefined) return {};
  const own = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  return { sign: createSignRequest({ region, credentials: () => own, clock }) };
};

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
