import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readDotEnv } from '../config/dot-env.ts';
import { ConfigError } from '../config/load.ts';
import { systemClock } from '../lambda/core/clock.ts';
import { cachedCredentials } from '../lambda/outbound-auth/cached-credentials.ts';
import { createOutboundAuth } from '../lambda/outbound-auth/create-outbound-auth.ts';
import { createUrlGuard, privateUrlsOf } from '../lambda/outbound-auth/guard-url.ts';
import { createSend } from '../lambda/providers/send.ts';
import { readLocalPolicy } from './local-policy.ts';
import { memoryCatalogStore } from './memory/catalog-store.ts';
import { envCredentials } from './memory/env-credentials.ts';
import { readLive } from './pins/read-live.ts';
import { PINS_COMMANDS, type PinsCommand, type PinsExit, PinsUsageError, runPins } from './pins/run-pins.ts';
import { type Ports, portsFrom } from './ports.ts';
import { standInsAt } from './stand-ins-at.ts';

const HELP = `npm run -s mcp:pins -- status|diff|approve [--server S] [--tool T] [--config FILE] [--lockfile FILE] [--port N]

Compares the tools that MCP servers list now with those that were approved, and approves them.

  status           which tools are not as approved
  diff             what exactly is different, place by place
  approve          writes what servers list now into the lock file; review and commit it like code
  --server S       only this server of the policy
  --tool T         only this tool, by its server's own name
  --config FILE    the policy (default gateway.yaml)
  --lockfile FILE  the lock file, where the policy's routes name several; beside the policy
  --port N         the port that npm start was given: a server whose address the environment does not give is its stand-in

Ends with 0 if all is as approved (approve: if it was written), 1 if a server or a file could not be read, 2 for wrong
arguments, 3 if there are changes.
`;

const DEFAULT_LOCKFILE = 'policies/mcp.lock.json';

const readArguments = () => {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        server: text,
        tool: text,
        config: { type: 'string', default: 'gateway.yaml' },
        lockfile: text,
        port: text,
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new PinsUsageError((error as Error).message);
  }
};

const isCommand = (word: string | undefined): word is PinsCommand => PINS_COMMANDS.some((command) => command === word);

const lockfileOf = (named: readonly string[], asked: string | undefined): string => {
  const files = [...new Set(named)];
  if (asked !== undefined) return asked;
  if (files.length > 1)
    throw new PinsUsageError(`routes name several lock files: give --lockfile, one of ${files.join(', ')}`);
  return files[0] ?? DEFAULT_LOCKFILE;
};

const readPorts = (port: string | undefined): Ports => {
  try {
    return portsFrom({ port, env: process.env });
  } catch (error) {
    throw new PinsUsageError((error as Error).message);
  }
};

const main = async (): Promise<PinsExit> => {
  const { values, positionals } = readArguments();
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const [command, ...more] = positionals;
  if (!isCommand(command) || more.length > 0)
    throw new PinsUsageError(
      `expected one of ${PINS_COMMANDS.join(', ')}, found ${positionals.join(' ') || 'nothing'}`,
    );

  const env = { ...(existsSync('.env') ? readDotEnv(readFileSync('.env', 'utf8')) : {}), ...process.env };
  const ports = readPorts(values.port);
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

try {
  process.exitCode = await main();
} catch (error) {
  const isTheirs = error instanceof PinsUsageError;
  const isPlain = isTheirs || error instanceof ConfigError || (error as NodeJS.ErrnoException).code === 'ENOENT';
  process.stderr.write(`${isPlain ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`);
  process.exitCode = isTheirs ? 2 : 1;
}
