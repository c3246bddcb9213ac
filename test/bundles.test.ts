import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import type { CompiledPolicy } from '../config/compiled.ts';
import { bundle } from '../lib/bundle.ts';

const policy: CompiledPolicy = {
  version: '0123456789ab',
  name: 'test',
  identity: { providers: [], apiKeys: [] },
  credentials: [],
  claimsUsed: [],
  llm: { providers: {}, models: {}, routes: [], endpoints: [] },
  mcp: { servers: {}, routes: [] },
  agents: [],
  prices: { policy: {}, lists: [] },
};

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'gatehouse-bundle-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What must not be in any bundle, and why. */
const NEVER = [
  ['node_modules/aws-cdk-lib/', 'CDK belongs to the deployment'],
  ['node_modules/constructs/', 'CDK belongs to the deployment'],
  ['node_modules/@aws-sdk/', 'lambda/aws speaks the wire format itself: docs/decisions/003'],
  ['node_modules/@smithy/', 'lambda/aws speaks the wire format itself: docs/decisions/003'],
  ['node_modules/yaml/', 'policies ship compiled'],
  ['node_modules/@pydantic/', 'only the prices that a policy can reach ship, in its policy.json'],
  ['config/prices', 'prices are looked up when a policy is compiled'],
  ['node_modules/zod/v4/locales/de.js', 'all languages of zod: somebody imported it by name instead of as a namespace'],
  ['node_modules/zod/v3/', 'a second zod'],
  ['node_modules/undici/index.js', 'the whole of undici: lib/undici-client.mjs should stand for it'],
  ['node_modules/undici/lib/mock/', 'test doubles'],
  ['node_modules/undici/lib/milo/', 'a second HTTP parser'],
  ['node_modules/undici/lib/llhttp/llhttp-wasm.js', 'a second build of the HTTP parser'],
  ['node_modules/jose/', 'aws-jwt-verify verifies; jose signs in tests'],
  ['node_modules/@bufbuild/', 'the other CEL'],
  ['config/schema', 'the policy is checked before it is deployed'],
  ['config/openapi/compile-openapi.ts', 'documents become tools when a policy is compiled'],
  ['lib/constructs/', 'CDK belongs to the deployment'],
  ['local/', 'the local gateway'],
  ['node_modules/gpt-tokenizer/', 'a vocabulary of 2 MB: it has a file of its own, for policies that count exactly'],
] as const;

const AUTHORIZER_NEVER = ['undici/', 'hono/', 'zod/', 'cel-js/', 're2js/'].map(
  (name) => [name, 'a token is checked without it, and the authorizer has to start in no time'] as const,
);

const WITHOUT_PATTERNS = [['node_modules/re2js/', 'this policy has no patterns']] as const;

const MCP_NEVER = [
  ['lambda/llm/', 'another app'],
  ['lambda/providers/open', 'model providers'],
  [
    'node_modules/@modelcontextprotocol/',
    'lambda/mcp and lambda/targets speak MCP themselves, so that nothing is lost on the way',
  ],
  ['node_modules/zod/', 'only the packages of MCP would need it'],
] as const;

/** In kilobytes of a thousand bytes, of a policy without patterns. */
describe.each([
  { entry: 'lambda/authorizer/handler.ts', kilobytes: 60, never: [...NEVER, ...AUTHORIZER_NEVER] },
  { entry: 'lambda/llm/handler.ts', kilobytes: 650, never: [...NEVER, ...WITHOUT_PATTERNS] },
  { entry: 'lambda/mcp/handler.ts', kilobytes: 650, never: [...NEVER, ...MCP_NEVER, ...WITHOUT_PATTERNS] },
])('the bundle of $entry', ({ entry, kilobytes, never }) => {
  const out = () => path.join(directory, path.dirname(entry));
  let inputs: readonly string[];
  beforeAll(() => {
    inputs = Object.values(bundle(entry, policy, out()).outputs).flatMap((output) => Object.keys(output.inputs));
  });

  test('holds nothing that belongs elsewhere', () => {
    const found = never.filter(([name]) => inputs.some((input) => input.includes(name)));
    expect(found).toEqual([]);
  });

  test(`is at most ${kilobytes} KB`, () => {
    expect(statSync(path.join(out(), 'index.mjs')).size / 1_000).toBeLessThan(kilobytes);
  });

  test('has the policy beside it', async () => {
    expect(statSync(path.join(out(), 'policy.json')).size).toBeGreaterThan(0);
  });
});

/** What the llm function is started with. */
const LAMBDA_ENV = {
  LIMITS_TABLE: 'table',
  CREDENTIAL_ARNS: '{}',
  STAGE: 'prod',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'id',
  AWS_SECRET_ACCESS_KEY: 'secret',
};

/** Runs a script in a process of its own, as Lambda would: without anything of Jest's. */
const run = async (script: string): Promise<string> => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env: {},
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [out] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return out;
};

describe('a policy with patterns', () => {
  /** What an expression comes to, or the error's name, as it is bundled for a policy that has `written` in it. */
  const evaluate = async (written: string, expression: string): Promise<string> => {
    const entry = path.join(directory, 'cel.ts');
    writeFileSync(entry, `export { compileHealthCel } from '${path.resolve('config/cel.ts')}';`);
    const out = mkdtempSync(path.join(directory, 'cel-'));
    bundle(entry, { ...policy, name: written }, out);
    const said = await run(`
      const { compileHealthCel } = await import(${JSON.stringify(pathToFileURL(path.join(out, 'index.mjs')).href)});
      const answer = { llm: { model: 'a'.repeat(60) + '!', provider: 'p' }, response: { code: 500, headers: {} } };
      try {
        console.log(compileHealthCel(${JSON.stringify(expression)}).evaluate(answer));
      } catch (error) {
        console.log(error.name);
      }
      process.exit();
    `);
    return said.trim();
  };
  /** Takes JavaScript's own expressions until the end of time. */
  const PATTERN = "llm.model.matches('^(a+)+$')";

  test('has the package for them in its bundle, at 155 KB', () => {
    const sizeOf = (name: string): number => {
      const out = mkdtempSync(path.join(directory, 'patterns-'));
      bundle('lambda/llm/handler.ts', { ...policy, name }, out);
      return statSync(path.join(out, 'index.mjs')).size / 1_000;
    };
    const more = sizeOf(PATTERN) - sizeOf('none');
    expect(more).toBeGreaterThan(100);
    expect(more).toBeLessThan(155);
  });

  test('matches in linear time', async () => {
    expect(await evaluate(PATTERN, PATTERN)).toBe('false');
    expect(await evaluate(PATTERN, PATTERN.replace('$', '!'))).toBe('true');
  });

  test('does not run where it was bundled as one without: nothing falls back to another kind of expression', async () => {
    expect(await evaluate('no such word', PATTERN)).toBe('CelError');
    expect(await evaluate('no such word', 'response.code == 500')).toBe('true');
  });
});

describe('the vocabulary of an exact tokenizer', () => {
  const exact: CompiledPolicy = { ...policy, llm: { ...policy.llm, tokenize: 'exact' } };

  test('lies beside the llm bundle where the policy counts exactly, and nowhere else', () => {
    const filesOf = (entry: string, one: CompiledPolicy): readonly string[] => {
      const out = mkdtempSync(path.join(directory, 'vocabulary-'));
      bundle(entry, one, out);
      return readdirSync(out).sort();
    };
    expect(filesOf('lambda/llm/handler.ts', policy)).toEqual(['index.mjs', 'policy.json']);
    expect(filesOf('lambda/llm/handler.ts', exact)).toEqual(['index.mjs', 'o200k.mjs', 'policy.json']);
    expect(filesOf('lambda/mcp/handler.ts', exact)).toEqual(['index.mjs', 'policy.json']);
  });

  test('is not in the bundle, and is not loaded by its start', async () => {
    const out = mkdtempSync(path.join(directory, 'start-'));
    const { outputs } = bundle('lambda/llm/handler.ts', exact, out);
    const index = Object.entries(outputs).find(([file]) => file.endsWith('index.mjs'));
    expect(Object.keys(index?.[1].inputs ?? {}).filter((input) => input.includes('gpt-tokenizer'))).toEqual([]);
    const vocabulary = path.join(out, 'o200k.mjs');
    writeFileSync(vocabulary, `process.stdout.write('loaded');${readFileSync(vocabulary, 'utf8')}`);
    const started = await run(`
      globalThis.awslambda = { streamifyResponse: (handler) => handler };
      Object.assign(process.env, ${JSON.stringify(LAMBDA_ENV)});
      const { handler } = await import(${JSON.stringify(pathToFileURL(path.join(out, 'index.mjs')).href)});
      console.log(typeof handler);
      process.exit();
    `);
    expect(started.trim()).toBe('function');
  });

  test('counts as it is bundled', async () => {
    const out = mkdtempSync(path.join(directory, 'counts-'));
    bundle('lambda/llm/handler.ts', exact, out);
    const counted = await run(`
      const { o200kCounter } = await import(${JSON.stringify(pathToFileURL(path.join(out, 'o200k.mjs')).href)});
      console.log(o200kCounter()('hello there, 世界'));
    `);
    expect(Number(counted)).toBe(countTokens('hello there, 世界'));
  });
});

describe('the HTTP client as it is bundled', () => {
  test('speaks HTTP: a streamed answer arrives whole', async () => {
    const server = http.createServer(async (request, response) => {
      const asked = await text(request);
      response.writeHead(201, { 'x-method': request.method });
      for (const word of asked.split(' ')) response.write(`${word}!`);
      response.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const out = path.join(directory, 'send');
      bundle('lambda/providers/send.ts', policy, out);
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/path`;
      const answer = await run(`
        const { createSend } = await import(${JSON.stringify(pathToFileURL(path.join(out, 'index.mjs')).href)});
        const limits = { connectMs: 2000, firstByteMs: 2000, idleMs: 2000 };
        const request = { method: 'POST', url: ${JSON.stringify(url)}, headers: {}, body: 'one two three' };
        const { status, headers, body } = await createSend()(request, limits, new AbortController().signal);
        let text = '';
        for await (const chunk of body) text += Buffer.from(chunk).toString();
        console.log(JSON.stringify([status, headers['x-method'], text]));
        process.exit();
      `);
      expect(JSON.parse(answer)).toEqual([201, 'POST', 'one!two!three!']);
    } finally {
      server.close();
    }
  });

  test('is only what lib/undici-client.mjs names: an import of anything else does not bundle', () => {
    const entry = path.join(directory, 'stray.ts');
    writeFileSync(entry, "import { fetch } from 'undici';\nfetch('http://127.0.0.1');\n");
    expect(() => bundle(entry, policy, path.join(directory, 'stray'))).toThrow('No matching export');
  });
});
