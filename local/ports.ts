/** Where the local gateway and its stand-ins listen: neighbours, so that one number moves all of them. */
export interface Ports {
  readonly gateway: number;
  readonly identity: number;
  readonly simulators: number;
  readonly slack: number;
  readonly github: number;
  readonly petstore: number;
  readonly agentcore: number;
}

const OFFSETS = {
  gateway: 0,
  identity: 1,
  simulators: 2,
  slack: 3,
  github: 4,
  petstore: 5,
  agentcore: 6,
} as const satisfies Record<keyof Ports, number>;

const FIRST = 3000;
const LAST = 65_535 - Math.max(...Object.values(OFFSETS));

/**
 * The ports of one run.
 *
 * Shape:  `port` is what `--port` says and wins over `PORT`; with neither, the gateway is at 3000. Empty means absent.
 * Errors: a plain `Error` with a sentence for people when the value is not a port that leaves room for the neighbours.
 */
export const portsFrom = ({
  port,
  env,
}: {
  readonly port?: string | number | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}): Ports => {
  const [name, asked] = port === undefined || port === '' ? ['PORT', env.PORT] : ['--port', port];
  const gateway = asked === undefined || asked === '' ? FIRST : toPort(asked);
  if (gateway === undefined) throw new Error(`${name} takes a whole number from 1 to ${LAST}, found ${asked}`);
  return {
    gateway: gateway + OFFSETS.gateway,
    identity: gateway + OFFSETS.identity,
    simulators: gateway + OFFSETS.simulators,
    slack: gateway + OFFSETS.slack,
    github: gateway + OFFSETS.github,
    petstore: gateway + OFFSETS.petstore,
    agentcore: gateway + OFFSETS.agentcore,
  };
};

const toPort = (asked: string | number): number | undefined => {
  const port = /^\d{1,5}$/.test(String(asked)) ? Number(asked) : 0;
  return port >= 1 && port <= LAST ? port : undefined;
};
