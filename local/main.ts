import { parseArgs } from 'node:util';
import { fail } from './fail.ts';

const HELP = `npm start -- [--config FILE] [--port N] [--json]

Runs the gateway on this machine, with stand-ins for what it can't reach: no account and no key needed.

  --config FILE  the policy (default gateway.yaml)
  --port N       the gateway's port (default 3000, or PORT); its stand-ins take N+1 to N+6
  --json         say everything as lines of JSON
  --help         this text

A key in the environment or in .env makes a provider real: openai-api-key is OPENAI_API_KEY.
OTEL_EXPORTER_OTLP_ENDPOINT there is where the agents send their traces.
`;

const readArguments = () => {
  try {
    return parseArgs({
      options: {
        config: { type: 'string', default: 'gateway.yaml' },
        port: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${HELP}`);
  }
};

const given = readArguments();
if (given.help) process.stdout.write(HELP);
// Much is loaded to run; nobody waits for it to be told how.
else await import('./run.ts').then(({ run }) => run(given, process.env));
