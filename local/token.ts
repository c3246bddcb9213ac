import { parseArgs } from 'node:util';
import { systemClock } from '../lambda/core/clock.ts';
import { DEMO_USERS } from './demo-users.ts';
import { AUDIENCE, KEY_FILE, localIssuer } from './identity-provider/address.ts';
import { TOKEN_SECONDS } from './identity-provider/claims.ts';
import { mintToken } from './identity-provider/mint.ts';
import { portsFrom } from './ports.ts';

const HELP = `Prints one access token of a demo user, and nothing else.

  npm run -s token -- USER [--scopes "a b"] [--expires 60s] [--audience A] [--port N]

  USER           ${DEMO_USERS.map((user) => user.name).join(', ')}
  --scopes "a b" exactly these scopes, instead of the user's own
  --expires 5m   how long it holds, in s, m or h; -60s makes one that has expired (default 1h)
  --audience A   whom it is for (default ${AUDIENCE})
  --port N       the port that npm start was given (default PORT or 3000)
`;

/** What people got wrong: printed as it is, with exit code 2. */
class UsageError extends Error {}

const SECONDS = { s: 1, m: 60, h: 3600 } as const;

const toSeconds = (expires: string): number => {
  const [, count, unit] = /^(-?\d{1,7})([smh])$/.exec(expires) ?? [];
  if (count === undefined)
    throw new UsageError(`--expires takes a number and s, m or h, such as 60s, found ${expires}`);
  return Number(count) * SECONDS[unit as keyof typeof SECONDS];
};

/** parseArgs takes `-60s` for options of its own: tie it to the option before it. */
const tieNegatives = (args: readonly string[]): string[] =>
  args.flatMap((arg, i) => {
    if (arg === '--expires' && /^-\d/.test(args[i + 1] ?? '')) return [`${arg}=${args[i + 1]}`];
    return args[i - 1] === '--expires' && /^-\d/.test(arg) ? [] : [arg];
  });

const readOptions = (args: readonly string[]) => {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: tieNegatives(args),
      allowPositionals: true,
      options: { scopes: text, expires: text, audience: text, port: text, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
};

const main = async (): Promise<string> => {
  const { values, positionals } = readOptions(process.argv.slice(2));
  if (values.help) return HELP.trimEnd();
  const user = DEMO_USERS.find(({ name, login }) => positionals[0] === name || positionals[0] === login);
  if (user === undefined || positionals.length > 1) {
    const found = positionals.length === 0 ? 'no user' : positionals.map((word) => JSON.stringify(word)).join(' ');
    throw new UsageError(`found ${found}; the demo users are ${DEMO_USERS.map(({ name }) => name).join(', ')}`);
  }
  return mintToken({
    keyFile: KEY_FILE,
    issuer: localIssuer(identityPort(values.port)),
    audience: values.audience ?? AUDIENCE,
    user,
    scopes: values.scopes?.split(/\s+/).filter((scope) => scope !== '') ?? user.scopes,
    expiresInSeconds: values.expires === undefined ? TOKEN_SECONDS : toSeconds(values.expires),
    now: Math.floor(systemClock() / 1000),
  });
};

const identityPort = (port: string | undefined): number => {
  try {
    return portsFrom({ port, env: process.env }).identity;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
};

try {
  process.stdout.write(`${await main()}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof UsageError ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
