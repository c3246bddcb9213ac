import { startTracing } from '../agent/tracing/start-tracing.ts';
import { overDotEnv } from '../config/dot-env.ts';
import { ConfigError } from '../config/load.ts';
import { systemClock } from '../lambda/core/clock.ts';
import { fail } from './fail.ts';
import type { Env } from './local-policy.ts';
import { type Ports, portsFrom } from './ports.ts';
import { startLocal } from './start-local.ts';
import { readyLine, welcome } from './welcome.ts';

export interface RunOptions {
  readonly config: string;
  readonly port?: string | undefined;
  readonly json: boolean;
}

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

const readPorts = (port: string | undefined, env: Env): Ports => {
  try {
    return portsFrom({ port, env });
  } catch (error) {
    return fail((error as Error).message);
  }
};

/** Runs the gateway and its stand-ins until the process is told to stop. `processEnv`: the very environment of the process. */
export const run = async ({ config, port, json }: RunOptions, processEnv: NodeJS.ProcessEnv): Promise<void> => {
  const env: Env = overDotEnv(processEnv);
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const say = (about: Record<string, unknown>, text: string): void => print(json ? JSON.stringify(about) : text);
  const ports = readPorts(port, processEnv);
  // What OpenTelemetry reads, it reads in the environment of the process.
  for (const [name, value] of Object.entries(env)) if (name.startsWith('OTEL_')) processEnv[name] = value;
  const tracing = startTracing(processEnv, 'gatehouse-agents', {
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
