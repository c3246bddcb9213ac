import { hint } from '../../config/nearest.ts';
import { type Pins, readLockfile, writeLockfile } from '../../config/pins.ts';
import { approvePins } from './approve-pins.ts';
import { comparePins, type LiveServer, type Selection } from './compare-pins.ts';
import { showApproved, showDiff, showStatus } from './show-pins.ts';
import { type PinsCommand, type PinsExit, PinsUsageError } from './usage.ts';

export interface PinsPorts {
  /** As the policy names them. */
  readonly servers: readonly string[];
  /** The lock file's path, for messages. */
  readonly file: string;
  /** Its text; undefined when there is none yet. */
  readonly lock: string | undefined;
  /** What these servers list now. */
  readonly readLive: (servers: readonly string[]) => Promise<ReadonlyMap<string, LiveServer>>;
  readonly write: (text: string) => void;
  readonly print: (line: string) => void;
}

/** One run of `npm run mcp:pins`. Errors: `PinsUsageError`. */
export const runPins = async (command: PinsCommand, selection: Selection, ports: PinsPorts): Promise<PinsExit> => {
  const { print, file, lock } = ports;
  const read = lock === undefined ? { pins: {} } : readLockfile(lock);
  if ('problems' in read) {
    // Starting anew would approve whatever is there: that is for a person to decide.
    for (const problem of read.problems) print(`${file}: ${problem}`);
    print(`${file}: restore it from its history, or delete it to approve everything again`);
    return 1;
  }
  const { pins } = read;
  const { server } = selection;
  if (server !== undefined && !ports.servers.includes(server) && !Object.hasOwn(pins, server))
    throw new PinsUsageError(`--server: no server ${server}${hint(server, ports.servers, 'declared')}`);

  // All of them, even for one: whether it shadows another shows only beside the others.
  const live = await ports.readLive(ports.servers);
  checkTool(selection, pins, live);
  const compared = comparePins(pins, live, selection);
  const failed = new Map([...compared.failed].filter(([name]) => server === undefined || name === server));
  const comparison = {
    ...compared,
    failed,
    approved: new Map([...compared.approved].filter(([name]) => server === undefined || name === server)),
  };
  const { changes } = comparison;

  if (command === 'approve') {
    if (changes.length > 0 || lock === undefined) ports.write(writeLockfile(approvePins(pins, live, changes)));
    for (const line of showApproved(changes, comparison)) print(line);
    for (const [name, why] of failed) print(`${name}: cannot be read, its pins stay: ${why}`);
    print(
      changes.length === 0 ? 'nothing to approve' : `${file}: ${changes.length} written. Review it as you review code.`,
    );
    return failed.size > 0 ? 1 : 0;
  }
  for (const line of command === 'diff' ? showDiff(pins, live, comparison) : showStatus(comparison)) print(line);
  if (changes.length > 0) return 3;
  return failed.size > 0 ? 1 : 0;
};

const checkTool = ({ server, tool }: Selection, pins: Pins, live: ReadonlyMap<string, LiveServer>): void => {
  if (tool === undefined) return;
  const isMeant = (name: string): boolean => server === undefined || name === server;
  const isUnread = [...live].some(([name, one]) => 'failed' in one && isMeant(name));
  const known = [
    ...Object.entries(pins).flatMap(([name, tools]) => (isMeant(name) ? Object.keys(tools) : [])),
    ...[...live].flatMap(([name, one]) =>
      'tools' in one && isMeant(name) ? one.tools.map((listed) => listed.name) : [],
    ),
  ];
  if (!known.includes(tool) && !isUnread)
    throw new PinsUsageError(`--tool: no tool ${tool}; give the server's own name, without its prefix`);
};
