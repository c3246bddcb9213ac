import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { overDotEnv } from '../../config/dot-env.ts';
import { systemClock } from '../../lambda/core/clock.ts';
import { cachedCredentials } from '../../lambda/outbound-auth/cached-credentials.ts';
import { createOutboundAuth } from '../../lambda/outbound-auth/create-outbound-auth.ts';
import { createUrlGuard, privateUrlsOf } from '../../lambda/outbound-auth/guard-url.ts';
import { createSend } from '../../lambda/providers/send.ts';
import { type Env, readLocalPolicy } from '../local-policy.ts';
import { memoryCatalogStore } from '../memory/catalog-store.ts';
import { envCredentials } from '../memory/env-credentials.ts';
import { type Ports, portsFrom } from '../ports.ts';
import { standInsAt } from '../stand-ins-at.ts';
import { readLive } from './read-live.ts';
import { runPins } from './run-pins.ts';
import { type PinsCommand, type PinsExit, PinsUsageError } from './usage.ts';

export interface CompareOptions {
  readonly server?: string | undefined;
  readonly tool?: string | undefined;
  readonly config: string;
  readonly lockfile?: string | undefined;
  readonly port?: string | undefined;
}

const DEFAULT_LOCKFILE = 'policies/mcp.lock.json';

const lockfileOf = (named: readonly string[], asked: string | undefined): string => {
  const files = [...new Set(named)];
  if (asked !== undefined) return asked;
  if (files.length > 1)
    throw new PinsUsageError(`routes name several lock files: give --lockfile, one of ${files.join(', ')}`);
  return files[0] ?? DEFAULT_LOCKFILE;
};

const readPorts = (port: string | undefined, env: Env): Ports => {
  try {
    return portsFrom({ port, env });
  } catch (error) {
    throw new PinsUsageError((error as Error).message);
  }
};

/** One run over the policy in a file. Errors: `PinsUsageError`, `ConfigError`, those of reading files. */
export const comparePolicy = async (
  command: PinsCommand,
  values: CompareOptions,
  processEnv: Env,
): Promise<PinsExit> => {
  const env = overDotEnv(processEnv);
  const ports = readPorts(values.port, processEnv);
  const standIns = standInsAt(ports);
  const { policy, lockfiles, servers, simulatedKeys } = readLocalPolicy(
    readFileSync(values.config, 'utf8'),
    values.config,
    env,
    standIns,
    // Before anything was approved there is none, and what is wrong with it is said here.
    { lockfiles: 'ignore' },
  );
  const { mcp } = policy;
  for (const { name, url, is } of servers)
    if (is === 'stand-in') process.stderr.write(`${name} is the stand-in of npm start at ${url}\n`);
  if (Object.keys(mcp.servers).length === 0) throw new PinsUsageError(`${values.config} has no MCP servers`);

  const file = path.join(path.dirname(values.config), lockfileOf(lockfiles, values.lockfile));
  const ownIssuer = policy.tokens?.issuer ?? `http://127.0.0.1:${ports.gateway}`;
  const { guardUrl, lookup } = createUrlGuard(privateUrlsOf(policy, ownIssuer));
  const send = createSend({ lookup });
  const credentials = cachedCredentials(envCredentials({ ...env, ...simulatedKeys }), systemClock);
  const authPorts = { credentials, send, guardUrl, clock: systemClock, newId: randomUUID, ownIssuer };
  return runPins(
    command,
    { server: values.server, tool: values.tool },
    {
      servers: Object.keys(mcp.servers),
      file,
      lock: existsSync(file) ? readFileSync(file, 'utf8') : undefined,
      readLive: readLive(mcp, {
        send,
        guardUrl,
        clock: systemClock,
        auth: ({ credential }) => createOutboundAuth(credential, authPorts),
        catalogStore: memoryCatalogStore(systemClock),
      }),
      write: (text) => {
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, text);
      },
      print: (line) => void process.stdout.write(`${line}\n`),
    },
  );
};
