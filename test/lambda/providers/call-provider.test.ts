import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { CompiledLlmProvider, ModelTarget } from '../../../config/compiled.ts';
import { Hidden } from '../../../lambda/core/hidden.ts';
import type { LlmCall, LlmReply } from '../../../lambda/core/llm.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { callProvider } from '../../../lambda/providers/call-provider.ts';
import { createSend } from '../../../lambda/providers/send.ts';
import { type Simulators, startSimulators } from '../../../local/simulators/start-simulators.ts';
import { chatCall, providerConfig } from '../../support/chat-calls.ts';
import { collectUntilError } from '../../support/streams.ts';

let simulators: Simulators;
beforeAll(async () => {
  simulators = await startSimulators({ port: 0 });
});
afterAll(() => simulators.close());

const PATIENT = { connectMs: 1_000, firstByteMs: 5_000, idleMs: 5_000 };
const QUICK = { ...PATIENT, firstByteMs: 150 };

const providersFor = (more: Readonly<Record<string, CompiledLlmProvider>> = {}) => ({
  anthropic: providerConfig({ kind: 'anthropic', baseUrl: `${simulators.url}/anthropic`, credential: 'key' }),
  openai: providerConfig({ baseUrl: `${simulators.url}/openai/v1`, credential: 'key' }),
  quick: providerConfig({ baseUrl: `${simulators.url}/openai/v1`, credential: 'key', timeouts: QUICK }),
  quickClaude: providerConfig({
    kind: 'anthropic',
    baseUrl: `${simulators.url}/anthropic`,
    credential: 'key',
    timeouts: QUICK,
  }),
  ...more,
});

const target = (written: string): ModelTarget => {
  const slash = written.indexOf('/');
  return { provider: written.slice(0, slash), model: written.slice(slash + 1) };
};

interface Asked {
  readonly reply: LlmReply | undefined;
  readonly refusal: Refusal | undefined;
  readonly call: LlmCall;
  /** What each attempt came to. */
  readonly attempts: readonly string[];
}

const ask = async (
  targets: readonly string[],
  call: LlmCall,
  providers = providersFor(),
  keys = ['k'],
  send = createSend(),
): Promise<Asked> => {
  let reads = 0;
  const credentials = { read: async () => new Hidden(keys[Math.min(reads++, keys.length - 1)] ?? '') };
  const handle = callProvider(providers, () => targets.map(target), { send, credentials, clock: () => 0 });
  const outcome = await handle(call).then(
    (reply) => ({ reply, refusal: undefined }),
    (thrown: unknown) => {
      if (thrown instanceof Refusal) return { reply: undefined, refusal: thrown };
      throw thrown;
    },
  );
  const attempts = call.facts.attempts.map(({ provider, model, outcome: came }) => `${provider}/${model} ${came}`);
  return { ...outcome, call, attempts };
};

const textOf = async (reply: LlmReply | undefined): Promise<{ text: string; error: unknown }> => {
  if (reply === undefined) throw new Error('no reply');
  if (reply.type === 'whole') {
    return {
      text: reply.message.content.map((block) => ('text' in block ? block.text : '')).join(''),
      error: undefined,
    };
  }
  const { all, error } = await collectUntilError(reply.parts);
  return { text: all.map((part) => (part.type === 'text' ? part.text : '')).join(''), error };
};

const FAILURES = [
  ['sim-429', 'upstream_limited', 429],
  ['sim-500', 'upstream_failed', 500],
  ['sim-503', 'upstream_busy', 503],
  ['sim-529', 'upstream_busy', 529],
  ['sim-401', 'upstream_auth', 401],
  ['sim-quota', 'upstream_quota', undefined],
  ['sim-drop', 'upstream_unreachable', undefined],
  ['sim-empty', 'upstream_failed', undefined],
] as const;

describe.each(['openai', 'anthropic'])('when %s is first', (first) => {
  const second = first === 'openai' ? 'anthropic/claude-sonnet-4-5' : 'openai/gpt-4o';
  const hello = second.startsWith('openai')
    ? 'Hello from the simulated openai (gpt-4o). You said: hello'
    : 'Hello from the simulated anthropic (claude-sonnet-4-5). You said: hello';

  describe.each([true, false])('and the answer is streamed: %s', (stream) => {
    test.each(FAILURES)('%s (%s) is answered by the next', async (model, code, status) => {
      const { reply, call, attempts } = await ask([`${first}/${model}`, second], chatCall({ stream }));
      expect(await textOf(reply)).toEqual({ text: hello, error: undefined });
      expect(attempts).toEqual([`${first}/${model} ${code}`, `${second} ok`]);
      if (status !== undefined) expect(call.facts.attempts[0]).toMatchObject({ status });
      expect(call.facts.attempts[1]).toMatchObject({ status: 200, upstreamRequestId: expect.stringMatching(/^req_/) });
    });

    test('sim-html is answered by the next', async () => {
      const { reply, attempts } = await ask([`${first}/sim-html`, second], chatCall({ stream }));
      expect((await textOf(reply)).text).toBe(hello);
      expect(attempts[0]).toBe(`${first}/sim-html ${stream ? 'upstream_truncated' : 'upstream_failed'}`);
    });

    test('sim-slow is answered by the next, without waiting for it', async () => {
      const slow = `${first === 'openai' ? 'quick' : 'quickClaude'}/sim-slow-5000`;
      const since = performance.now();
      const { reply, attempts } = await ask([slow, second], chatCall({ stream }));
      expect((await textOf(reply)).text).toBe(hello);
      expect(attempts).toEqual([`${slow} upstream_timeout`, `${second} ok`]);
      expect(performance.now() - since).toBeLessThan(2_000);
    });

    test('a server that is not there is answered by the next', async () => {
      const providers = providersFor({ gone: providerConfig({ baseUrl: 'http://127.0.0.1:1' }) });
      const { reply, attempts } = await ask(['gone/gpt-4o', second], chatCall({ stream }), providers);
      expect((await textOf(reply)).text).toBe(hello);
      expect(attempts[0]).toBe('gone/gpt-4o upstream_unreachable');
    });

    test('a fault of the caller’s own is nobody else’s: 400', async () => {
      const wrong = {
        messages: [{ role: 'user', content: 'x' }],
        stream,
        tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
      };
      const body =
        first === 'openai'
          ? { ...wrong, response_format: { type: 'json_object' } } // The word "json" is missing.
          : {
              ...wrong,
              messages: [
                { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,=' } }] },
              ],
            };
      const model = first === 'openai' ? 'gpt-4o' : 'claude-sonnet-4-5';
      const { refusal, attempts } = await ask([`${first}/${model}`, second], chatCall(body));
      expect(refusal).toMatchObject({ code: 'upstream_rejected', status: 400 });
      expect(refusal?.say).toContain('It said: ');
      expect(attempts).toHaveLength(1);
    });

    test('when all fail the caller learns of the last, and the record of all', async () => {
      const { refusal, attempts } = await ask([`${first}/sim-529`, 'openai/sim-429'], chatCall({ stream }));
      expect(refusal).toMatchObject({ code: 'upstream_limited', retryAfterSeconds: 7 });
      expect(attempts).toEqual([`${first}/sim-529 upstream_busy`, 'openai/sim-429 upstream_limited']);
    });

    test('an empty answer is the answer when nobody else is left', async () => {
      const { reply, attempts } = await ask([`${first}/sim-empty`], chatCall({ stream }));
      expect(await textOf(reply)).toEqual({ text: '', error: undefined });
      expect(attempts).toEqual([`${first}/sim-empty ok`]);
    });

    test('an empty answer that a stop sequence explains is the answer', async () => {
      const { attempts } = await ask([`${first}/sim-empty`, second], chatCall({ stream, stop: 'x' }));
      expect(attempts).toEqual([`${first}/sim-empty ok`]);
    });
  });

  test('an answer that breaks off after its first words is not begun again elsewhere', async () => {
    const model = `${first}/sim-cut`;
    const { reply, attempts } = await ask([model, second], chatCall({ stream: true }));
    const { text, error } = await textOf(reply);
    expect(text).not.toBe('');
    expect(text).not.toContain('Hello from the simulated openai (gpt-4o)');
    expect(error).toMatchObject({ code: 'upstream_truncated' });
    expect(attempts).toEqual([`${model} ok`]);
  });

  test('an error event after the first words is an error event', async () => {
    const { reply, attempts } = await ask([`${first}/sim-error-mid`, second], chatCall({ stream: true }));
    const { text, error } = await textOf(reply);
    expect(text).not.toBe('');
    expect(error).toMatchObject({ code: first === 'openai' ? 'upstream_failed' : 'upstream_busy' });
    expect(attempts).toEqual([`${first}/sim-error-mid ok`]);
  });

  test('an answer cut off before anything was said whole is answered by the next', async () => {
    const { reply, attempts } = await ask([`${first}/sim-cut`, second], chatCall({ stream: false }));
    expect((await textOf(reply)).text).toBe(hello);
    expect(attempts).toEqual([`${first}/sim-cut upstream_truncated`, `${second} ok`]);
  });
});

describe('before the first words', () => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  /** Answers each request with bytes of its own choosing. */
  const scripted = async (...answers: readonly ((socket: net.Socket) => void)[]) => {
    let requests = 0;
    let connections = 0;
    const sockets = new Set<net.Socket>();
    const server = net.createServer((socket) => {
      connections++;
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('data', () => answers[Math.min(requests++, answers.length - 1)]?.(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as net.AddressInfo;
    const config = providerConfig({ baseUrl: `http://127.0.0.1:${port}` });
    return { config, requests: () => requests, connections: () => connections };
  };
  const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n';
  const BEGUN = 'data: {"id":"c","model":"m","choices":[{"delta":{"role":"assistant","content":""}}]}\n\n';
  const sim = 'anthropic/claude-sonnet-4-5';

  test.each<[string, string, string]>([
    ['a cut', BEGUN, 'upstream_truncated'],
    [
      'an error event',
      `${BEGUN}data: {"error":{"message":"overloaded","code":"server_overloaded"}}\n\n`,
      'upstream_busy',
    ],
    ['words that are no answer', 'data: <html>\n\n', 'upstream_failed'],
  ])('%s is answered by the next', async (_what, sent, code) => {
    const { config } = await scripted((socket) => socket.end(HEAD + sent));
    const { reply, attempts } = await ask(['odd/m', sim], chatCall({ stream: true }), providersFor({ odd: config }));
    expect((await textOf(reply)).text).toContain('Hello from the simulated anthropic');
    expect(attempts).toEqual([`odd/m ${code}`, `${sim} ok`]);
  });

  test('a beginning that leads nowhere is answered by the next, in time', async () => {
    const { config } = await scripted((socket) => socket.write(HEAD + BEGUN));
    const quick = { ...config, timeouts: QUICK };
    const { reply, attempts } = await ask(['odd/m', sim], chatCall({ stream: true }), providersFor({ odd: quick }));
    expect((await textOf(reply)).text).toContain('Hello');
    expect(attempts).toEqual(['odd/m upstream_timeout', `${sim} ok`]);
  });

  const WHOLE = JSON.stringify({ choices: [{ message: { content: 'ok' }, finish_reason: 'stop' }] });
  const whole = (socket: net.Socket) =>
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${WHOLE.length}\r\n\r\n${WHOLE}`);

  test.each([[['odd/m']], [['odd/m', sim]]])(
    'a stale connection is replaced and the same target asked again, others left or not: %j',
    async (targets) => {
      const odd = await scripted(whole, (socket) => socket.resetAndDestroy(), whole);
      const providers = providersFor({ odd: odd.config });
      const send = createSend();
      await ask(['odd/m'], chatCall({}), providers, ['k'], send);
      await sleep(5);
      const { reply, attempts } = await ask(targets, chatCall({}), providers, ['k'], send);
      expect((await textOf(reply)).text).toBe('ok');
      expect(attempts).toEqual(['odd/m upstream_unreachable', 'odd/m ok']);
      expect([odd.requests(), odd.connections()]).toEqual([3, 2]);
    },
  );

  test('a target is asked again once, not for ever', async () => {
    const odd = await scripted(whole, (socket) => socket.resetAndDestroy());
    const providers = providersFor({ odd: odd.config });
    const send = createSend();
    await ask(['odd/m'], chatCall({}), providers, ['k'], send);
    await sleep(5);
    const { refusal, attempts } = await ask(['odd/m'], chatCall({}), providers, ['k'], send);
    expect(refusal?.code).toBe('upstream_unreachable');
    expect(attempts).toEqual(['odd/m upstream_unreachable', 'odd/m upstream_unreachable']);
  });

  test('a new connection that is dropped is not asked again', async () => {
    const odd = await scripted((socket) => socket.destroy());
    const { attempts } = await ask(['odd/m'], chatCall({}), providersFor({ odd: odd.config }));
    expect(attempts).toEqual(['odd/m upstream_unreachable']);
  });

  test('413 is the caller’s own', async () => {
    const odd = await scripted((socket) => socket.end('HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\n{}'));
    const { refusal, attempts } = await ask(['odd/m', sim], chatCall({}), providersFor({ odd: odd.config }));
    expect(refusal).toMatchObject({ code: 'upstream_too_large', status: 413 });
    expect(attempts).toHaveLength(1);
  });

  test('a redirect is a failure of the provider, and leads nowhere', async () => {
    const odd = await scripted((socket) =>
      socket.end('HTTP/1.1 307 Away\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n'),
    );
    const { reply, attempts } = await ask(['odd/m', sim], chatCall({}), providersFor({ odd: odd.config }));
    expect((await textOf(reply)).text).toContain('Hello');
    expect(attempts[0]).toBe('odd/m upstream_failed');
  });
});

describe('a credential', () => {
  test('that was rotated is read once more, and nobody notices', async () => {
    const { reply, attempts } = await ask(['openai/gpt-4o'], chatCall({}), providersFor(), ['revoked-key', 'k']);
    expect((await textOf(reply)).text).toContain('Hello');
    expect(attempts).toEqual(['openai/gpt-4o ok']);
  });

  test('that is wrong twice is given up after two requests', async () => {
    const before = simulators.calls().length;
    const { attempts } = await ask(['openai/gpt-4o', 'anthropic/claude-sonnet-4-5'], chatCall({}), providersFor(), [
      'wrong-key',
      'wrong-key',
      'k',
    ]);
    expect(attempts).toEqual(['openai/gpt-4o upstream_auth', 'anthropic/claude-sonnet-4-5 ok']);
    expect(
      simulators
        .calls()
        .slice(before)
        .map(({ provider }) => provider),
    ).toEqual(['openai', 'openai', 'anthropic']);
  });
});

describe('a target that has no words for the request', () => {
  const two = { n: 2, messages: [{ role: 'user', content: 'hi' }] };

  test('is passed over for one that has', async () => {
    const { reply, attempts } = await ask(
      ['openai/sim-500', 'anthropic/claude-sonnet-4-5', 'openai/gpt-4o'],
      chatCall(two),
    );
    expect((await textOf(reply)).text).toContain('Hello from the simulated openai');
    expect(attempts).toEqual([
      'openai/sim-500 upstream_failed',
      'anthropic/claude-sonnet-4-5 unsupported_parameter',
      'openai/gpt-4o ok',
    ]);
  });

  test('does not hide what went wrong before it', async () => {
    const { refusal } = await ask(['openai/sim-529', 'anthropic/claude-sonnet-4-5'], chatCall(two));
    expect(refusal?.code).toBe('upstream_busy');
  });

  test('is told of when nothing else went wrong', async () => {
    const { refusal } = await ask(['anthropic/claude-sonnet-4-5'], chatCall(two));
    expect(refusal).toMatchObject({ code: 'unsupported_parameter', param: 'n' });
  });
});

describe('what the answer says besides', () => {
  test('is what the answering target left out, not what others would have', async () => {
    const body = { seed: 7, top_k: 5, messages: [{ role: 'user', content: 'hi' }] };
    const { call } = await ask(['anthropic/sim-529', 'openai/gpt-4o'], chatCall(body));
    expect(call.facts.dropped).toEqual([]);
    const other = await ask(['openai/sim-529', 'anthropic/claude-sonnet-4-5'], chatCall(body));
    expect(other.call.facts.dropped).toEqual(['seed']);
  });
});

describe('a caller who leaves', () => {
  const leaving = (stream: boolean) => {
    const abort = new AbortController();
    return { abort, call: chatCall({ stream }, { signal: abort.signal }) };
  };
  const upstreamGone = async (): Promise<number> => {
    const since = performance.now();
    while (simulators.calls().at(-1)?.aborted !== true) {
      if (performance.now() - since > 1_000) throw new Error('the upstream was not stopped');
      await sleep(2);
    }
    return performance.now() - since;
  };

  test('while the upstream thinks stops it within 100 ms, and nobody else is asked', async () => {
    const { abort, call } = leaving(true);
    const asked = ask(['openai/sim-slow-5000', 'anthropic/claude-sonnet-4-5'], call);
    await sleep(100);
    abort.abort(new Refusal('caller_left'));
    expect(await upstreamGone()).toBeLessThan(100);
    const { refusal, attempts } = await asked;
    expect(refusal?.code).toBe('caller_left');
    expect(attempts).toEqual(['openai/sim-slow-5000 caller_left']);
  });

  test.each(['openai', 'anthropic'])('in the middle of a stream of %s stops it within 100 ms', async (provider) => {
    const { abort, call } = leaving(true);
    const { reply } = await ask([`${provider}/sim-stall`], call);
    const reading = textOf(reply);
    await sleep(50);
    abort.abort(new Refusal('caller_left'));
    expect(await upstreamGone()).toBeLessThan(100);
    expect((await reading).error).toMatchObject({ code: 'caller_left' });
  });

  test('by reading no further stops it as well', async () => {
    const { call } = leaving(true);
    const { reply } = await ask(['openai/sim-paced-20'], call);
    if (reply?.type !== 'stream') throw new Error('no stream');
    for await (const part of reply.parts) if (part.type === 'text') break;
    expect(await upstreamGone()).toBeLessThan(100);
  });
});

test('a streamed answer that was read to its end leaves its connection for the next', async () => {
  const ports = new Set<number | undefined>();
  const server = http.createServer((request, response) => {
    ports.add(request.socket.remotePort);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: {"id":"c","choices":[{"delta":{"content":"ok"}}]}\n\ndata: [DONE]\n\n');
    setTimeout(() => response.end(), 10); // The end comes after all that matters.
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const providers = providersFor({ odd: providerConfig({ baseUrl: `http://127.0.0.1:${port}` }) });
  const send = createSend();
  for (let times = 0; times < 3; times++) {
    const { reply } = await ask(['odd/m'], chatCall({ stream: true }), providers, ['k'], send);
    expect(await textOf(reply)).toEqual({ text: 'ok', error: undefined });
    await sleep(40);
  }
  server.closeAllConnections();
  server.close();
  expect(ports.size).toBe(1);
});
