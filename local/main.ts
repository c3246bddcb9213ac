import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startTracing } from '../agent/tracing/start-tracing.ts';
import { readDotEnv } from '../config/dot-env.ts';
import { ConfigError } from '../config/load.ts';
import { systemClock } from '../lambda/core/clock.ts';
import type { Env } from './local-policy.ts';
import { type Ports, portsFrom } from './ports.ts';
import { startLocal } from './start-local.ts';
import { readyLine, welcome } from './welcome.ts';

const HELP = `npm start -- [--config FILE] [--port N] [--json]

Runs the gateway on this machine, with stand-ins for what it can't reach: no account and no key needed.

  --config FILE  the policy (default gateway.yaml)
  --port N       the gateway's port (default 3000, or PORT); its stand-ins take N+1 to N+6
  --json         say everything as lines of JSON
  --help         this text

A key in the environment or in .env makes a provider real: openai-api-key is OPENAI_API_KEY.
OTEL_EXPORTER_OTLP_ENDPOINT there is where the agents send their traces.
`;

/** Ends with one sentence, without a stack: what is wrong is the user's to mend. */
const fail = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

const readArguments = () => {
  try {
    return parseArgs({
      options: {
        config: { type: 'string', default: 'gateway.yaml' },
        port: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${HELP}`);
  }
};

/** What went wrong, for whoever can mend it; a stack only for what is ours to mend. */
const sentenceOf = (error: unknown, config: string): string => {
  const { code, port, message, stack } = error as NodeJS.ErrnoException & { port?: number };
  if (error instanceof ConfigError) return message;
  if (code === 'ENOENT') return `${config}: there is no such file: give one with --config FILE`;
  if (code === 'EISDIR') return `${config} is a folder: give a file with --config FILE`;
  if (code === 'EACCES') return `${config} cannot be read: ${message}`;
  if (code === 'EADDRINUSE') return `port ${port} is taken: stop what listens there, or move everything with --port N`;
  return stack ?? message;
};

const readPorts = (port: string | undefined): Ports => {
  try {
    return portsFrom({ port, env: process.env });
  } catch (error) {
    return fail((error as Error).message);
  }
};

const main = async (): Promise<void> => {
  const { config, port, json, help } = readArguments();
  if (help) {
    process.stdout.write(HELP);
    return;
  }
  const env: Env = { ...(existsSync('.env') ? readDotEnv(readFileSync('.env', 'utf8')) : {}), ...process.env };
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const say = (about: Record<string, unknown>, text: string): void => print(json ? JSON.stringify(about) : text);
  const ports = readPorts(port);
  // What OpenTelemetry reads, it reads in the environment of the process.
  for (const [name, value] of Object.entries(env)) if (name.startsWith('OTEL_')) process.env[name] = value;
  const tracing = startTracing(process.env, 'gatehouse-agents', {
    clock: systemClock,
    log: (entry) => print(JSON.stringify({ kind: 'agent', ...entry })),
  });
  try {
    const local = await startLocal({
      config,
      ports,
      env,
      print,
      flushTraces: tracing.flush,
      onReload: (result) =>
        'loaded' in result
          ? say(
              { kind: 'reloaded', policy: result.loaded.policy.version, warnings: result.loaded.warnings },
              [...result.loaded.warnings, `policy ${result.loaded.policy.version} is in force`].join('\n'),
            )
          : say(
              { kind: 'reload-refused', message: result.refused },
              `${result.refused}\nThe last good policy stays in force.`,
            ),
    });
    print(json ? readyLine(local) : welcome(local, config, ports.gateway));
    const stop = (): void => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      void local
        .close()
        .then(() => tracing.stop())
        .then(() => process.exit(0));
    };
    process.on('SIGINT', stop).on('SIGTERM', stop);
  } catch (error) {
    fail(sentenceOf(error, config));
  }
};

await main();
