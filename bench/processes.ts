import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { platform } from 'node:os';
import { buildSync } from 'esbuild';

/** Of one process so far: memory, and processor time in microseconds, all threads and the kernel's work included. */
export interface Usage {
  readonly rssMb: number;
  readonly cpuUs: number;
}

export interface Running {
  readonly url: string;
  usage(): Promise<Usage>;
  stop(): void;
}

/** Where processes can be pinned: Linux with taskset. Elsewhere they share what there is, and the table says so. */
export const canPin = platform() === 'linux' && existsSync('/usr/bin/taskset');

/** Where what is built may still find its packages. */
const BUILT = 'node_modules/.cache/gatehouse/servers.mjs';

/** `servers.ts` as a deployment would have it: what runs TypeScript directly adds to every function. */
const built = (): string => {
  buildSync({
    entryPoints: [`${import.meta.dirname}/servers.ts`],
    outfile: BUILT,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node24',
  });
  return BUILT;
};

/** Starts one of `servers.ts`, on one core where that can be. */
export const start = async (name: string, core: number, env: Record<string, string> = {}): Promise<Running> => {
  const child: ChildProcess = fork(built(), [name], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    ...(canPin ? { execPath: process.execPath } : {}),
  });
  if (canPin && child.pid !== undefined) pin(child.pid, core);
  const { port } = await message<{ port: number }>(child);
  // Again: threads that have started since follow the first call only on some kernels.
  if (canPin && child.pid !== undefined) pin(child.pid, core);
  return {
    url: `http://127.0.0.1:${port}`,
    usage: () => {
      child.send('usage');
      return message<Usage>(child);
    },
    stop: () => void child.kill(),
  };
};

const message = <T>(child: ChildProcess): Promise<T> =>
  new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`a server of the benchmark ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (value) => {
      child.off('exit', ended);
      resolve(value as T);
    });
  });

/** `-a`: all its threads. */
export const pin = (pid: number, core: number): void => {
  spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)]);
};
