import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const ROOT = resolve(import.meta.dirname, '../..');

const POLICY = `name: pins
mcp:
  servers:
    pets: { openapi: pets.yaml, baseUrl: "https://pets.example" }
  routes:
    /mcp: { servers: [pets], auth: none, pinning: { mode: enforce, lockfile: approved.json } }
`;

const document = (summary: string): string => `openapi: 3.0.3
info: { title: Pets, version: "1" }
paths:
  /pets:
    get: { operationId: list_pets, summary: ${summary}, responses: { "200": { description: OK } } }
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-pins-'));
  await writeFile(join(folder, 'gateway.yaml'), POLICY);
  await writeFile(join(folder, 'pets.yaml'), document('Lists pets'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `npm run -s mcp:pins -- …`, in a folder of its own. */
const pins = (...args: readonly string[]): Promise<Run> =>
  new Promise((done) => {
    const { PATH = '' } = process.env;
    const command = ['--import', import.meta.resolve('tsx'), join(ROOT, 'local/mcp-pins.ts'), ...args];
    execFile(process.execPath, command, { cwd: folder, env: { PATH } }, (error, stdout, stderr) =>
      done({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });

describe('npm run mcp:pins', () => {
  test('explains itself', async () => {
    const { code, stdout } = await pins('--help');
    expect(code).toBe(0);
    for (const word of ['status', 'diff', 'approve', '--server', '--tool', '--config']) expect(stdout).toContain(word);
  });

  test.each([
    [[], 'expected one of status, diff, approve, found nothing'],
    [['aprove'], 'expected one of status, diff, approve, found aprove'],
    [['status', 'diff'], 'expected one of status, diff, approve, found status diff'],
    [['status', '--sever', 'x'], "Unknown option '--sever'"],
    [['status', '--server', 'pet'], '--server: no server pet; did you mean pets?'],
  ])('ends with 2 for %j, in one sentence', async (args, message) => {
    const { code, stdout, stderr } = await pins(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });

  test('ends with 1 for a policy that is not there, or will not do', async () => {
    expect(await pins('status', '--config', 'nowhere.yaml')).toMatchObject({ code: 1 });
    await writeFile(join(folder, 'bad.yaml'), 'nam: x\n');
    const { code, stderr } = await pins('status', '--config', 'bad.yaml');
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('bad.yaml:1:1') });
  });

  test('takes a catalogue from new to approved to changed, in the lock file that the policy names', async () => {
    expect(await pins('status')).toMatchObject({ code: 3, stdout: 'pets list_pets: new\npets: 0 as approved\n' });
    expect(await pins('approve')).toMatchObject({ code: 0 });
    const lock = await readFile(join(folder, 'approved.json'), 'utf8');
    expect(await pins('status')).toMatchObject({ code: 0, stdout: 'pets: 1 as approved\n' });

    await writeFile(join(folder, 'pets.yaml'), document('Lists all pets'));
    const { code, stdout } = await pins('diff');
    expect(code).toBe(3);
    expect(stdout).toMatch(/pets list_pets: changed[\s\S]*- Lists pets[\s\S]*\+ Lists all pets/);
    expect(await readFile(join(folder, 'approved.json'), 'utf8')).toBe(lock);

    await writeFile(join(folder, 'approved.json'), lock.replace('Lists pets', 'Lists fish'));
    expect(await pins('approve')).toMatchObject({ code: 1, stdout: expect.stringContaining('approved.json: ') });
  }, 60_000);

  test('reads the other servers where one takes tokens of the gateway’s own, and says why that one can not be', async () => {
    const forge =
      '    forge: { url: "https://forge.example/mcp", credential: { exchange: gatehouse, audience: api://forge } }\n';
    await writeFile(
      join(folder, 'own.yaml'),
      POLICY.replace('  servers:\n', `  servers:\n${forge}`).replace('[pets]', '[pets, forge]'),
    );
    const { stdout, stderr } = await pins('status', '--config', 'own.yaml', '--lockfile', 'none.json');
    expect(stderr).not.toContain('    at ');
    expect(stdout).toMatch(/^pets list_pets: new$[\s\S]*^forge: cannot be read: it is listed as each user/m);
  });
});
