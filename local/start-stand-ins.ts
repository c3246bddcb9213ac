import type { Clock } from '../lambda/core/clock.ts';
import { DEMO_USERS } from './demo-users.ts';
import { type IdentityProvider, startIdentityProvider } from './identity-provider/start-identity-provider.ts';
import { startGithub } from './mcp-servers/github/start-github.ts';
import { startSlack } from './mcp-servers/slack/start-slack.ts';
import type { RunningMcpServer } from './mcp-servers/start-mcp-server.ts';
import { startPetstore } from './petstore/start-petstore.ts';
import type { Ports } from './ports.ts';
import { SIMULATED } from './settle-servers.ts';
import { type Simulators, startSimulators } from './simulators/start-simulators.ts';

/** What plays the world around the gateway. */
export interface StandInsRunning {
  readonly identity: IdentityProvider;
  readonly simulators: Simulators;
  readonly slack: RunningMcpServer;
  readonly github: RunningMcpServer;
  close(): Promise<void>;
}

/** Starts them one after the other. Errors: the system's for a port that is taken; those that run by then are closed. */
export const startStandIns = async (
  ports: Ports,
  { keyFile, frameGapMs = 20 }: { readonly keyFile?: string; readonly frameGapMs?: number },
  clock: Clock,
): Promise<StandInsRunning> => {
  const running: { close(): Promise<unknown> }[] = [];
  const close = async (): Promise<void> => {
    for (const part of running.splice(0).reverse()) await part.close();
  };
  const run = async <Part extends { close(): Promise<unknown> }>(starting: Promise<Part>): Promise<Part> => {
    const part = await starting;
    running.push(part);
    return part;
  };
  const gateway = `http://127.0.0.1:${ports.gateway}`;
  try {
    const own = keyFile === undefined ? {} : { keyFile };
    const identity = await run(startIdentityProvider({ port: ports.identity, users: DEMO_USERS, ...own }));
    const simulators = await run(startSimulators({ port: ports.simulators, frameGapMs }));
    const slack = await run(startSlack({ port: ports.slack, issuers: { identity: identity.issuer, gateway } }, clock));
    const github = await run(startGithub({ port: ports.github, token: SIMULATED }, clock));
    await run(startPetstore({ port: ports.petstore }, clock));
    return { identity, simulators, slack, github, close };
  } catch (error) {
    await close();
    throw error;
  }
};
