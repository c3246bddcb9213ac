import type { Clock } from '../../../lambda/core/clock.ts';
import { createMcpServer } from '../create-mcp-server.ts';
import { type RunningMcpServer, startMcpServer } from '../start-mcp-server.ts';
import { slackTools } from './slack-tools.ts';
import { type SlackIssuers, verifyPerson } from './verify-person.ts';
import { openWorkspace } from './workspace.ts';

export interface SlackOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Whose tokens for `api://slack` it takes. */
  readonly issuers: SlackIssuers;
}

/** A workspace on this machine, as MCP: whoever a token stands for reads and writes there under their own name. */
export const startSlack = ({ port, issuers }: SlackOptions, clock: Clock): Promise<RunningMcpServer> =>
  startMcpServer(
    createMcpServer({
      name: 'acme-slack',
      title: 'Slack of Acme',
      instructions: 'Channels and messages of the workspace. Everything is done as the person who is signed in.',
      tools: slackTools(openWorkspace(clock)),
      identify: verifyPerson(issuers, clock),
    }),
    port,
    clock,
  );
