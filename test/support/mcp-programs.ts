import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

/** Runs a script of an installed package. */
export const runScript = (
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcess =>
  spawn(process.execPath, [path.resolve('node_modules', script), ...args], { env: { ...process.env, ...env } });

export interface Program {
  readonly url: string;
  /** Absent: nobody signs in. */
  readonly token?: string;
  /** Where it keeps its files. */
  readonly home: string;
}

/** The command line of MCP Inspector. */
export const inspect = async ({ url, token, home }: Program, args: readonly string[]) => {
  const auth = token === undefined ? [] : ['--header', `Authorization: Bearer ${token}`];
  const own = ['--cli', url, '--transport', 'http', ...auth, ...args, '--format', 'json'];
  const child = runScript('@modelcontextprotocol/inspector/clients/launcher/build/index.js', own, { HOME: home });
  let out = '';
  child.stdout?.on('data', (chunk) => (out += chunk));
  let errors = '';
  child.stderr?.on('data', (chunk) => (errors += chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  return { code, out, errors };
};

/** `mcp-remote`, as a program that clients talk to over its standard input and output. */
export const mcpRemote = ({ url, token, home }: Program): StdioClientTransport => {
  const auth = token === undefined ? [] : ['--header', `Authorization: Bearer ${token}`];
  return new StdioClientTransport({
    command: process.execPath,
    args: [path.resolve('node_modules/mcp-remote/dist/proxy.js'), url, '--transport', 'http-only', ...auth],
    env: { ...process.env, MCP_REMOTE_CONFIG_DIR: home } as Record<string, string>,
    stderr: 'ignore',
  });
};
