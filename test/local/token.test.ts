import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { systemClock } from '../../lambda/core/clock.ts';
import { DEMO_USERS } from '../../local/demo-users.ts';
import { startIdentityProvider } from '../../local/identity-provider/start-identity-provider.ts';
import { portsFrom } from '../../local/ports.ts';

const ROOT = resolve(import.meta.dirname, '../..');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'token-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `npm run -s token -- …`, in a folder of its own. */
const token = (args: readonly string[], env: Record<string, string> = {}): Promise<Run> =>
  new Promise((done) => {
    const { PATH = '' } = process.env;
    const command = ['--import', import.meta.resolve('tsx'), join(ROOT, 'local/token.ts'), ...args];
    execFile(process.execPath, command, { cwd: folder, env: { PATH, ...env } }, (error, stdout, stderr) =>
      done({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });

const claimsOf = async (args: readonly string[], env?: Record<string, string>) => {
  const { code, stdout, stderr } = await token(args, env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  return decodeJwt(stdout.trim()) as Record<string, unknown> & { iat: number; exp: number };
};

describe('the token command', () => {
  test('prints one token and nothing else, which the provider started later stands for', async () => {
    const { stdout } = await token(['jane']);
    const idp = await startIdentityProvider({
      port: 0,
      users: DEMO_USERS,
      keyFile: join(folder, '.gatehouse/local-identity.json'),
    });
    try {
      const keys = createRemoteJWKSet(new URL(`${idp.issuer}/v1/keys`));
      const { payload } = await jwtVerify(stdout.trim(), keys, { audience: 'api://default' });
      expect(payload).toMatchObject({
        iss: 'http://127.0.0.1:3001/oauth2/default',
        sub: 'jane@acme.example',
        scp: ['llm:call', 'mcp:read', 'mcp:write'],
        roles: ['ai-agents'],
        cid: 'gatehouse-cli',
      });
    } finally {
      await idp.close();
    }
  });

  test.each([
    ['admin', ['llm:call', 'mcp:read', 'mcp:write', 'mcp:admin'], ['ai-agents']],
    ['reader', ['llm:call', 'mcp:read'], []],
    ['mcp-user', ['llm:call'], ['supply-chain', 'ai-agents']],
    ['nobody', [], []],
  ])('%s has the scopes %j and the roles %j', async (user, scp, roles) => {
    expect(await claimsOf([user])).toMatchObject({ sub: `${user}@acme.example`, scp, roles });
  });

  test('takes scopes exactly, audience, life and port', async () => {
    const args = ['nobody', '--scopes', 'mcp:admin  x', '--audience', 'api://a', '--expires', '5m', '--port', '4000'];
    const { scp, aud, iss, iat, exp } = await claimsOf(args);
    expect({ scp, aud, iss, life: exp - iat }).toEqual({
      scp: ['mcp:admin', 'x'],
      aud: 'api://a',
      iss: 'http://127.0.0.1:4001/oauth2/default',
      life: 300,
    });
  });

  test('takes no scopes at all', async () => {
    expect((await claimsOf(['jane', '--scopes', ''])).scp).toEqual([]);
  });

  test.each([[['--expires', '-60s', 'jane']], [['jane', '--expires=-60s']]])(
    'makes one that has expired: %j',
    async (args) => {
      const { iat, exp } = await claimsOf(args);
      const now = systemClock() / 1000;
      expect(exp).toBeLessThanOrEqual(now - 60);
      expect(exp).toBeGreaterThan(now - 120);
      expect(iat).toBeLessThan(exp);
    },
  );

  test('honours PORT, and --port over it', async () => {
    expect((await claimsOf(['jane'], { PORT: '5000' })).iss).toBe('http://127.0.0.1:5001/oauth2/default');
    const both = await claimsOf(['jane', '--port', '6000'], { PORT: '5000' });
    expect(both.iss).toBe('http://127.0.0.1:6001/oauth2/default');
  });

  test.each([
    ['an unknown user', ['bob'], 'jane, admin, reader, mcp-user, nobody'],
    ['no user', [], 'jane, admin, reader, mcp-user, nobody'],
    ['two users', ['jane', 'admin'], 'jane, admin, reader, mcp-user, nobody'],
    ['an odd life', ['jane', '--expires', 'soon'], '--expires'],
    ['an unknown option', ['jane', '--scope', 'x'], '--scope'],
    ['an odd port', ['jane', '--port', 'many'], '--port'],
  ])('%s is exit 2 with a sentence, and no token', async (_what, args, said) => {
    const { code, stdout, stderr } = await token(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(said);
    expect(stderr).not.toContain('    at ');
  });

  test('explains itself', async () => {
    const { code, stdout } = await token(['--help']);
    expect(code).toBe(0);
    for (const word of ['--scopes', '--expires', '--audience', '--port', 'jane']) expect(stdout).toContain(word);
  });
});

describe('ports', () => {
  test('are neighbours', () => {
    expect(portsFrom({ env: {} })).toEqual({
      gateway: 3000,
      identity: 3001,
      simulators: 3002,
      slack: 3003,
      github: 3004,
      petstore: 3005,
      agentcore: 3006,
    });
    expect(portsFrom({ port: '4000', env: { PORT: '5000' } }).gateway).toBe(4000);
    expect(portsFrom({ port: 4000, env: {} }).identity).toBe(4001);
    expect(portsFrom({ env: { PORT: '5000' } }).simulators).toBe(5002);
    expect(portsFrom({ env: { PORT: '' } }).gateway).toBe(3000);
  });

  test.each(['0', '-1', '65534', '3000.5', '1e3', 'x', ' 1'])('%j is not one', (port) => {
    expect(() => portsFrom({ port, env: {} })).toThrow('--port takes a whole number from 1 to 65529');
    expect(() => portsFrom({ env: { PORT: port } })).toThrow('PORT takes');
  });
});
