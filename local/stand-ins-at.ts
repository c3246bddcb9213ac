import { localIssuer } from './identity-provider/address.ts';
import type { StandIns } from './local-policy.ts';
import type { Ports } from './ports.ts';

/** Where the stand-ins of a run are, before any of them is started. */
export const standInsAt = (ports: Ports): StandIns => {
  const at = (port: number): string => `http://127.0.0.1:${port}`;
  return {
    issuer: localIssuer(ports.identity),
    simulators: at(ports.simulators),
    slack: `${at(ports.slack)}/mcp`,
    github: `${at(ports.github)}/mcp`,
    petstore: at(ports.petstore),
  };
};
