import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSignRequest } from '../lambda/aws/sign-request.ts';
import { systemClock } from '../lambda/core/clock.ts';
import { fetchJson } from '../lambda/identity/fetch-json.ts';
import { createIdentify } from '../lambda/identity/identify.ts';
import { createLlmApp, type LlmApp } from '../lambda/llm/app.ts';
import type { LlmPorts } from '../lambda/llm/ports.ts';
import { cachedCredentials } from '../lambda/outbound-auth/cached-credentials.ts';
import { rememberRefusals } from '../lambda/policy/remember-refusals.ts';
import { createSend } from '../lambda/providers/send.ts';
import { DEMO_USERS } from './demo-users.ts';
import { startIdentityProvider } from './identity-provider/start-identity-provider.ts';
import { type Env, type LocalPolicy, readLocalPolicy } from './local-policy.ts';
import { localRecords, RECORDS_FILE } from './local-records.ts';
import { envCredentials } from './memory/env-credentials.ts';
import { memoryLimitCounter } from './memory/limit-counter.ts';
import { memoryProviderHealth } from './memory/provider-health.ts';
import type { Ports } from './ports.ts';
import { serveLoopback } from './serve-loopback.ts';
import { type RecordedCall, startSimulators } from './simulators/start-simulators.ts';
import { watchText } from './watch-text.ts';

export interface LocalOptions {
  /** Path of the policy file. */
  readonly config: string;
  readonly ports: Ports;
  readonly env: Env;
  readonly recordsFile?: string;
  readonly keyFile?: string;
  /** Takes each record, as one line of JSON. */
  readonly print: (line: string) => void;
  /** Told when an edit of the policy took effect, or why it did not. */
  readonly onReload: (result: { readonly loaded: LocalPolicy } | { readonly refused: string }) => void;
}

export interface Local {
  readonly url: string;
  readonly issuer: string;
  readonly loaded: LocalPolicy;
  /** What reached the simulated providers. */
  readonly upstreamCalls: () => readonly RecordedCall[];
  close(): Promise<void>;
}

/**
 * The gateway with its stand-ins, on loopback.
 *
 * Errors: `ConfigError` for a policy that will not do, before anything is started; the system's error for a port that is taken.
 */
export const startLocal = async (options: LocalOptions): Promise<Local> => {
  const { config, ports, env } = options;
  const standIns = {
    issuer: `http://127.0.0.1:${ports.identity}/oauth2/default`,
    simulators: `http://127.0.0.1:${ports.simulators}`,
  };
  const text = readFileSync(config, 'utf8');
  const read = (written: string): LocalPolicy => readLocalPolicy(written, config, env, standIns);
  const loaded = read(text);

  const records = localRecords(options.recordsFile ?? RECORDS_FILE, options.print);
  // Outlives a reload: editing the policy does not give anybody their calls back.
  const counter = rememberRefusals(memoryLimitCounter(systemClock), systemClock);
  const health = memoryProviderHealth(systemClock);
  const send = createSend();
  const build = ({ policy, simulatedKeys }: LocalPolicy): LlmApp =>
    createLlmApp(policy, {
      identify: createIdentify(policy.identity, { fetchJson, clock: systemClock }),
      counter,
      credentials: cachedCredentials(envCredentials({ ...env, ...simulatedKeys }), systemClock),
      send,
      ...signing(env),
      health,
      records,
      clock: systemClock,
      newId: () => `req_${randomUUID().replaceAll('-', '')}`,
      random: Math.random,
      logBug: (id, error) => options.print(JSON.stringify({ kind: 'bug', id, stack: stackOf(error) })),
    });
  let app = build(loaded);

  const running: { close(): Promise<unknown> }[] = [records];
  const close = async (): Promise<void> => {
    // One after the other: the last calls are recorded when the gateway is closed, and what they ask outlives them.
    for (const part of running.splice(0)) await part.close();
  };
  try {
    const keyFile = options.keyFile === undefined ? {} : { keyFile: options.keyFile };
    const identity = await startIdentityProvider({ port: ports.identity, users: DEMO_USERS, ...keyFile });
    running.unshift(identity);
    const simulators = await startSimulators({ port: ports.simulators, frameGapMs: 20 });
    running.unshift(simulators);
    const gateway = await serveLoopback((request, about) => app.fetch(request, about), ports.gateway, systemClock);
    running.unshift(gateway);
    const reload = (edited: string): void => {
      try {
        const next = read(edited);
        app = build(next);
        options.onReload({ loaded: next });
      } catch (error) {
        options.onReload({ refused: error instanceof Error ? error.message : String(error) });
      }
    };
    running.unshift(watchText(config, text, reload));
    return {
      url: `http://127.0.0.1:${gateway.port}`,
      issuer: identity.issuer,
      loaded,
      upstreamCalls: simulators.calls,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
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
  return { sign: createSignRequest({ region, credentials: () => own, clock: systemClock }) };
};

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
