import type { Clock } from '../../lambda/core/clock.ts';
import { type Loopback, serveLoopback } from '../serve-loopback.ts';
import type { LocalMcpServer } from './create-mcp-server.ts';

export interface RunningMcpServer extends Loopback, Omit<LocalMcpServer, 'fetch'> {
  /** Where MCP clients go. */
  readonly url: string;
}

/** Opens a server on this machine. */
export const startMcpServer = async (server: LocalMcpServer, port: number, clock: Clock): Promise<RunningMcpServer> => {
  const loopback = await serveLoopback(server.fetch, port, clock);
  const { describe, calls } = server;
  return { ...loopback, describe, calls, url: `http://127.0.0.1:${loopback.port}/mcp` };
};
