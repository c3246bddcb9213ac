import { parseArgs } from 'node:util';
import { PINS_COMMANDS, type PinsCommand, PinsUsageError } from './pins/usage.ts';

const HELP = `npm run -s mcp:pins -- status|diff|approve [--server S] [--tool T] [--config FILE] [--lockfile FILE] [--port N]

Compares the tools that MCP servers list now with those that were approved, and approves them.

  status           which tools are not as approved
  diff             what exactly is different, place by place
  approve          writes what servers list now into the lock file; review and commit it like code
  --server S       only this server of the policy
  --tool T         only this tool, by its server's own name
  --config FILE    the policy (default gateway.yaml)
  --lockfile FILE  the lock file, where the policy's routes name several; beside the policy
  --port N         the port that npm start was given: a server whose address the environment does not give is its stand-in

Ends with 0 if all is as approved (approve: if it was written), 1 if a server or a file could not be read, 2 for wrong
arguments, 3 if there are changes.
`;

const readArguments = () => {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        server: text,
        tool: text,
        config: { type: 'string', default: 'gateway.yaml' },
        lockfile: text,
        port: text,
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new PinsUsageError((error as Error).message);
  }
};

const isCommand = (word: string | undefined): word is PinsCommand => PINS_COMMANDS.some((command) => command === word);

const main = async (): Promise<number> => {
  const { values, positionals } = readArguments();
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const [command, ...more] = positionals;
  if (!isCommand(command) || more.length > 0)
    throw new PinsUsageError(
      `expected one of ${PINS_COMMANDS.join(', ')}, found ${positionals.join(' ') || 'nothing'}`,
    );
  // Much is loaded to compare; nobody waits for it to be told how.
  const { comparePolicy } = await import('./pins/compare-policy.ts');
  return comparePolicy(command, values, process.env);
};

try {
  process.exitCode = await main();
} catch (error) {
  const isTheirs = error instanceof PinsUsageError;
  const isPlain =
    isTheirs || (error as Error).name === 'ConfigError' || (error as NodeJS.ErrnoException).code === 'ENOENT';
  process.stderr.write(`${isPlain ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`);
  process.exitCode = isTheirs ? 2 : 1;
}
