import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import { type AwsJsonClient, type AwsService, createAwsJsonClient } from '../../../lambda/aws/json-client.ts';

const FIXED = Date.UTC(2026, 10, 20, 12, 30, 45, 678);
const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not/a+secret', sessionToken: 'session/token==' };

type HashInput = string | ArrayBuffer | ArrayBufferView;
const bytes = (input: HashInput) =>
  typeof input === 'string'
    ? Buffer.from(input)
    : ArrayBuffer.isView(input)
      ? Buffer.from(input.buffer, input.byteOffset, input.byteLength)
      : Buffer.from(input);

/** The hash that the SDK's signer asks for, by Node. */
class Sha256 {
  readonly #hash;
  constructor(secret?: HashInput) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytes(secret));
  }
  update(chunk: HashInput): void {
    this.#hash.update(bytes(chunk));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}

interface Seen {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

const started = async (
  reply: (response: ServerResponse, count: number) => void,
  service: AwsService = 'dynamodb',
): Promise<{ client: AwsJsonClient; seen: Seen[]; host: string }> => {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    seen.push({ headers: request.headers, body: await text(request) });
    reply(response, seen.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createAwsJsonClient({
    service,
    region: 'eu-central-1',
    credentials: () => CREDENTIALS,
    clock: () => FIXED,
    endpoint: `http://${host}/`,
    random: () => 0,
  });
  opened.push(
    () => new Promise((done) => server.close(done).closeAllConnections()),
    () => client.close(),
  );
  return { client, seen, host };
};

const soon = () => ({ signal: AbortSignal.timeout(2_000) });
const ok = (response: ServerResponse) => response.end('{"ok":true}');
const fail =
  (status: number, body: string, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    response.writeHead(status, headers).end(body);

describe('the request', () => {
  test.each(['dynamodb', 'secretsmanager', 'ssm'] as const)(
    'is signed for %s as the AWS SDK signs it',
    async (service) => {
      const { client, seen, host } = await started(ok, service);
      await client.send('DoThing', { Unicode: 'héllo 𝔘', n: 1 }, soon());
      const { headers, body } = seen[0] ?? { headers: {}, body: '' };

      const signer = new SignatureV4({
        credentials: CREDENTIALS,
        region: 'eu-central-1',
        service,
        sha256: Sha256,
        applyChecksum: false,
      });
      const signed = await signer.sign(
        {
          method: 'POST',
          protocol: 'http:',
          hostname: '127.0.0.1',
          path: '/',
          headers: {
            host,
            'content-type': headers['content-type'] ?? '',
            'x-amz-target': String(headers['x-amz-target']),
          },
          body,
        },
        { signingDate: new Date(FIXED) },
      );
      expect(headers.authorization).toBe(signed.headers.authorization);
      expect(headers['x-amz-date']).toBe('20261120T123045Z');
      expect(headers['x-amz-security-token']).toBe(CREDENTIALS.sessionToken);
    },
  );

  test.each([
    ['dynamodb', 'application/x-amz-json-1.0', 'DynamoDB_20120810.DoThing'],
    ['secretsmanager', 'application/x-amz-json-1.1', 'secretsmanager.DoThing'],
    ['ssm', 'application/x-amz-json-1.1', 'AmazonSSM.DoThing'],
  ] as const)('speaks the version and target of %s', async (service, contentType, target) => {
    const { client, seen } = await started(ok, service);
    expect(await client.send('DoThing', { a: 1 }, soon())).toEqual({ ok: true });
    expect(seen[0]?.headers).toMatchObject({ 'content-type': contentType, 'x-amz-target': target });
    expect(seen[0]?.body).toBe('{"a":1}');
  });
});

describe('errors', () => {
  test.each([
    ['a namespaced type', fail(400, '{"__type":"com.amazonaws.x#SomeException"}'), 'SomeException'],
    ['a bare type', fail(400, '{"__type":"SomeException"}'), 'SomeException'],
    ['a type in the header', fail(400, '', { 'x-amzn-errortype': 'SomeException:http://x/y#z' }), 'SomeException'],
    ['a type that is no name', fail(400, '{"__type":"<b>\\n"}'), 'UnknownError'],
    ['HTML', fail(403, '<html>'), 'UnknownError'],
    ['an answer that is no JSON', fail(200, '<html>'), 'MalformedReply'],
    ['an answer that is no object', fail(200, '"x"'), 'MalformedReply'],
  ])('%s has a type', async (_, reply, type) => {
    const { client, seen } = await started(reply);
    await expect(client.send('DoThing', {}, soon())).rejects.toMatchObject({ name: 'AwsError', type });
    expect(seen).toHaveLength(1);
  });

  test("nothing of the service's message is kept", async () => {
    const { client } = await started(fail(400, '{"__type":"AccessDenied","message":"arn:aws:iam::123:role/x"}'));
    const error: unknown = await client.send('DoThing', {}, soon()).catch((thrown: unknown) => thrown);
    expect(JSON.stringify(error) + String(error) + String((error as Error).stack)).not.toContain('arn:');
  });

  test('a redirect is not followed', async () => {
    const { client, seen } = await started(fail(307, '', { location: '/elsewhere' }));
    await expect(client.send('DoThing', {}, soon())).rejects.toMatchObject({ status: 307 });
    expect(seen).toHaveLength(1);
  });
});

describe('trying again', () => {
  const THROTTLED = '{"__type":"x#ThrottlingException"}';

  test('helps against throttling and broken servers', async () => {
    const { client, seen } = await started((response, count) => {
      if (count === 1) fail(400, THROTTLED)(response);
      else if (count === 2) fail(503, '')(response);
      else if (count === 3) response.destroy();
      else ok(response);
    });
    expect(await client.send('DoThing', {}, soon())).toEqual({ ok: true });
    expect(seen).toHaveLength(4);
  });

  test('ends after five tries', async () => {
    const { client, seen } = await started(fail(500, ''));
    await expect(client.send('DoThing', {}, soon())).rejects.toMatchObject({ status: 500 });
    expect(seen).toHaveLength(5);
  });

  test('is left out where the first may have been applied, if told so', async () => {
    const { client, seen } = await started((response, count) =>
      (count === 1 ? fail(400, THROTTLED) : fail(500, ''))(response),
    );
    await expect(client.send('DoThing', {}, { ...soon(), repeat: 'if-not-applied' })).rejects.toMatchObject({
      status: 500,
    });
    expect(seen).toHaveLength(2);
  });

  test('is made where the first gets no answer, long before the caller’s time is over', async () => {
    const { client, seen } = await started((response, count) => {
      if (count > 1) response.end('{"Item":{}}');
    });
    expect(await client.send('GetItem', {}, { signal: AbortSignal.timeout(20_000) })).toEqual({ Item: {} });
    expect(seen).toHaveLength(2);
  });

  test('waits for the answer to what writes: it may have been applied', async () => {
    const { client, seen } = await started((response) => setTimeout(() => response.end('{}'), 600));
    await client.send('UpdateItem', {}, { signal: AbortSignal.timeout(20_000) });
    expect(seen).toHaveLength(1);
  });

  test('ends when the caller says so, in the middle of an answer too', async () => {
    const { client, seen } = await started((response) => response.writeHead(200).write('{"half":'));
    const signal = AbortSignal.timeout(50);
    await expect(client.send('DoThing', {}, { signal })).rejects.toMatchObject({ type: 'Timeout' });
    expect(seen).toHaveLength(1);
  });
});
