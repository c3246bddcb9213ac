import { readFileSync } from 'node:fs';
import { systemClock } from '../lambda/core/clock.ts';
import { type AgentRuntimes, startAgentRuntimes } from './agent-runtimes.ts';
import { createApps } from './create-apps.ts';
import { type Env, type LocalPolicy, readLocalPolicy } from './local-policy.ts';
import { localRecords, RECORDS_FILE } from './local-records.ts';
import { memorySigningKeys } from './memory/signing-keys.ts';
import type { Ports } from './ports.ts';
import { serveLoopback } from './serve-loopback.ts';
import type { RecordedCall } from './simulators/start-simulators.ts';
import { standInsAt } from './stand-ins-at.ts';
import { type StandInsRunning, startStandIns } from './start-stand-ins.ts';
import { watchText, watchTexts } from './watch-text.ts';

export interface LocalOptions {
  /** Path of the policy file. */
  readonly config: string;
  readonly ports: Ports;
  readonly env: Env;
  readonly recordsFile?: string;
  readonly keyFile?: string;
  /** Keeps the keys of the gateway's own tokens. */
  readonly signingKeyFolder?: string;
  /** Between two pieces of a simulated answer. Default: 20. */
  readonly frameGapMs?: number;
  /** Takes each record, as one line of JSON. */
  readonly print: (line: string) => void;
  /** Sends the spans of the agents. Absent: they make none. */
  readonly flushTraces?: () => Promise<void>;
  /** Told when an edit of the policy took effect, or why it did not. */
  readonly onReload: (result: { readonly loaded: LocalPolicy } | { readonly refused: string }) => void;
}

export interface Local {
  readonly url: string;
  readonly issuer: string;
  readonly loaded: LocalPolicy;
  /** What reached the simulated providers. */
  readonly upstreamCalls: () => readonly RecordedCall[];
  /** The MCP servers that play Slack and GitHub. */
  readonly mcpServers: Pick<StandInsRunning, 'slack' | 'github'>;
  /** What reached the agents. */
  readonly agentcore: Pick<AgentRuntimes, 'calls' | 'endpoint'>;
  close(): Promise<void>;
}

const SIGNING_KEY_FOLDER = '.gatehouse';

/**
 * The gateway with its stand-ins, on loopback.
 *
 * Errors: `ConfigError` for a policy that will not do, before anything is started; the system's error for a port that is taken.
 */
export const startLocal = async (options: LocalOptions): Promise<Local> => {
  const { config, ports, env } = options;
  const text = readFileSync(config, 'utf8');
  const read = (written: string): LocalPolicy => readLocalPolicy(written, config, env, standInsAt(ports));
  const loaded = read(text);

  const records = localRecords(options.recordsFile ?? RECORDS_FILE, options.print);
  const running: { close(): Promise<unknown> }[] = [records];
  const close = async (): Promise<void> => {
    // One after the other: the last calls are recorded when the gateway is closed, and what they ask outlives them.
    for (const part of running.splice(0)) await part.close();
  };
  try {
    const around = await startStandIns(ports, options, systemClock);
    running.unshift(around);
    const { identity, simulators, slack, github } = around;
    const url = `http://127.0.0.1:${ports.gateway}`;
    const runtimes = await startAgentRuntimes({
      port: ports.agentcore,
      gatewayUrl: url,
      clock: systemClock,
      print: options.print,
      ...(options.flushTraces === undefined ? {} : { flushTraces: options.flushTraces }),
    });
    running.unshift(runtimes);
    const keys = await memorySigningKeys({
      signingKey: loaded.policy.tokens?.signingKey ?? 1,
      folder: options.signingKeyFolder ?? SIGNING_KEY_FOLDER,
    });
    const create = createApps({
      env,
      records,
      client: identity.serviceClient,
      print: options.print,
      url,
      keys,
      runtimes,
    });
    const build = (next: LocalPolicy) => {
      const built = create(next);
      runtimes.deploy(next.policy);
      return built;
    };
    let app = build(loaded);
    const gateway = await serveLoopback((request, about) => app(request, about), ports.gateway, systemClock);
    running.unshift(gateway);
    let written = text;
    const watchFiles = ({ files }: LocalPolicy) => watchTexts(files, () => reload(written));
    const reload = (edited: string): void => {
      written = edited;
      try {
        const next = read(edited);
        app = build(next);
        void named.close();
        named = watchFiles(next);
        options.onReload({ loaded: next });
      } catch (error) {
        options.onReload({ refused: error instanceof Error ? error.message : String(error) });
      }
    };
    let named = watchFiles(loaded);
    running.unshift(watchText(config, text, reload), { close: () => named.close() });
    return {
      url,
      issuer: identity.issuer,
      loaded,
      upstreamCalls: simulators.calls,
      mcpServers: { slack, github },
      agentcore: runtimes,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
