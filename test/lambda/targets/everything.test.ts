import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { contextOf, methodsOf, targetAt } from './target-context.ts';

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

let server: ChildProcess;
let url: string;
beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}/mcp`;
  const entry = 'node_modules/@modelcontextprotocol/server-everything/dist/index.js';
  server = spawn(process.execPath, [entry, 'streamableHttp'], {
    env: { ...process.env, PORT: String(port) },
    stdio: 'ignore',
  });
  for (let tries = 0; tries < 200; tries++) {
    const isUp = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isUp) return;
    await sleep(50);
  }
  throw new Error('server-everything did not start');
});
afterAll(async () => {
  const ended = once(server, 'exit');
  server.kill();
  await ended;
});

describe('the reference server with everything, over HTTP', () => {
  test('is found to be of 2025, and lists all that it has', async () => {
    const { target, sent } = targetAt(url);
    const { items } = await target.list('tools/list', contextOf());
    expect(items.map(({ name }) => name)).toEqual(expect.arrayContaining(['echo', 'get-sum']));
    expect((await target.list('prompts/list', contextOf())).items.length).toBeGreaterThan(0);
    expect((await target.list('resources/list', contextOf())).items.length).toBeGreaterThan(0);
    expect((await target.list('resources/templates/list', contextOf())).items.length).toBeGreaterThan(0);
    expect(methodsOf(sent).slice(0, 3)).toEqual(['server/discover', 'initialize', 'notifications/initialized']);
  });

  test('is called, with progress', async () => {
    const { target } = targetAt(url);
    const echoed = await target.request('tools/call', { name: 'echo', arguments: { message: 'hi' } }, contextOf());
    expect(echoed.content).toEqual([{ type: 'text', text: 'Echo: hi' }]);
    const seen: unknown[] = [];
    const slow = { name: 'trigger-long-running-operation', arguments: { duration: 0.3, steps: 3 } };
    await target.request('tools/call', slow, contextOf('jane', { progress: ({ progress }) => seen.push(progress) }));
    expect(seen).toEqual([1, 2, 3]);
  });

  test('reads a resource and completes an argument', async () => {
    const { target } = targetAt(url);
    const [resource] = (await target.list('resources/list', contextOf())).items;
    const read = await target.request('resources/read', { uri: resource?.uri }, contextOf());
    expect(read.contents).toMatchObject([{ uri: resource?.uri }]);
    const ref = { type: 'ref/prompt', name: 'completable-prompt' };
    const argument = { name: 'department', value: 'E' };
    const { completion } = await target.request('completion/complete', { ref, argument }, contextOf());
    expect(completion).toMatchObject({ values: ['Engineering'] });
  });

  test('its error is an error of the server', async () => {
    const { target } = targetAt(url);
    await expect(target.request('prompts/get', { name: 'none' }, contextOf())).rejects.toMatchObject({
      name: 'TargetError',
      code: -32602,
    });
  });
});
