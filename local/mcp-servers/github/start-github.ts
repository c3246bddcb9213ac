import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../../lambda/core/clock.ts';
import { createMcpServer } from '../create-mcp-server.ts';
import { type RunningMcpServer, startMcpServer } from '../start-mcp-server.ts';
import type { Caller } from '../tool.ts';
import { openForge } from './forge.ts';
import { githubTools } from './github-tools.ts';

export interface GithubOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** The one bearer token that it takes. Absent: anybody may call. */
  readonly token?: string;
}

/** Everything is done by the account that the token belongs to, whoever asked the gateway for it. */
const ACCOUNT: Caller = { sub: 'acme-gateway' };

const withToken =
  (token: string | undefined) =>
  async (request: Request): Promise<Caller | Response> => {
    if (token === undefined) return ACCOUNT;
    const sent = Buffer.from(request.headers.get('authorization') ?? '');
    const wanted = Buffer.from(`Bearer ${token}`);
    if (sent.length === wanted.length && timingSafeEqual(sent, wanted)) return ACCOUNT;
    return new Response(JSON.stringify({ message: 'Bad credentials' }), {
      status: 401,
      headers: {
        'content-type': 'application/json',
        'www-authenticate': 'Bearer realm="github", error="invalid_token"',
      },
    });
  };

/** A forge on this machine, as MCP, for one account with a static token. */
export const startGithub = ({ port, token }: GithubOptions, clock: Clock): Promise<RunningMcpServer> =>
  startMcpServer(
    createMcpServer({
      name: 'acme-github',
      title: 'Repositories of Acme',
      instructions: 'Repositories, issues and pull requests of the account.',
      tools: githubTools(openForge()),
      identify: withToken(token),
    }),
    port,
    clock,
  );
