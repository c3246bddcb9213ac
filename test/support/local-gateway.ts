import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallRecord } from '../../lambda/telemetry/record.ts';
import { DEMO_USERS } from '../../local/demo-users.ts';
import { mintToken } from '../../local/identity-provider/mint.ts';
import { portsFrom } from '../../local/ports.ts';
import { type Local, startLocal } from '../../local/start-local.ts';

export interface TestGateway extends Local {
  readonly config: string;
  readonly reloads: readonly ({ loaded: unknown } | { refused: string })[];
  token(
    user: string,
    options?: { scopes?: readonly string[]; expiresInSeconds?: number; audience?: string; issuer?: string },
  ): Promise<string>;
  /** The records so far, oldest first. */
  records(): CallRecord[];
  /** Everything printed. */
  printed(): string;
  /** Resolves with the record once the call with this id is over. */
  recordOf(id: string | null): Promise<CallRecord>;
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });

/** Neighbours that nobody uses, for the gateway and its stand-ins. */
export const freeNeighbours = async (): Promise<number> => {
  for (let tries = 0; tries < 50; tries++) {
    const first = 20_000 + Math.floor(Math.random() * 20_000);
    if ((await Promise.all([0, 1, 2, 3, 4, 5, 6].map((offset) => isFree(first + offset)))).every(Boolean)) return first;
  }
  throw new Error('no free ports');
};

/** The whole local gateway, as `npm start` runs it, on free ports and with files of its own. */
export const startTestGateway = async (
  yaml = readFileSync('gateway.yaml', 'utf8'),
  env: Record<string, string> = {},
  options: { readonly frameGapMs?: number } = {},
): Promise<TestGateway> => {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-'));
  const config = join(directory, 'gateway.yaml');
  const keyFile = join(directory, 'identity.json');
  writeFileSync(config, yaml);
  cpSync('policies', join(directory, 'policies'), { recursive: true });
  const first = await freeNeighbours();
  const lines: string[] = [];
  const reloads: ({ loaded: unknown } | { refused: string })[] = [];
  const local = await startLocal({
    config,
    ports: portsFrom({ port: first, env: {} }),
    env,
    recordsFile: join(directory, 'records.jsonl'),
    keyFile,
    ...options,
    signingKeyFolder: directory,
    print: (line) => void lines.push(line),
    onReload: (result) => void reloads.push(result),
  });
  const records = (): CallRecord[] => lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'call');
  return {
    ...local,
    config,
    reloads,
    records,
    printed: () => lines.join('\n'),
    token: (name, { scopes, expiresInSeconds = 600, audience = 'api://default', issuer = local.issuer } = {}) => {
      const user = DEMO_USERS.find((one) => one.name === name);
      if (user === undefined) throw new Error(`no demo user ${name}`);
      const now = Math.floor(Date.now() / 1000);
      return mintToken({ keyFile, issuer, audience, user, scopes: scopes ?? user.scopes, expiresInSeconds, now });
    },
    recordOf: async (id) => {
      for (let tries = 0; tries < 200; tries++) {
        const found = records().find((record) => record.id === id);
        if (found !== undefined) return found;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      throw new Error(`no record of ${id}`);
    },
  };
};
