import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { createAwsJsonClient } from '../../lambda/aws/json-client.ts';
import { systemClock } from '../../lambda/core/clock.ts';
import { TEST_CREDENTIALS } from './embedded-dynamo.ts';

/**
 * As much of Secrets Manager as GetSecretValue needs, on loopback.
 * Source: Secrets Manager API Reference, GetSecretValue, request and response syntax and errors.
 */
export const fakeSecretsManager = async () => {
  const secrets = new Map<string, string>();
  const fake = { secrets, reads: [] as string[], failWith: undefined as { status: number; type: string } | undefined };
  const server = createServer(async (request, response) => {
    const { SecretId } = (await json(request)) as { SecretId: string };
    fake.reads.push(SecretId);
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
    const isSpoken =
      request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue' &&
      request.headers['content-type'] === 'application/x-amz-json-1.1' &&
      request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 ');
    const arn = `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${SecretId}-AbCdEf`;
    if (!isSpoken) return answer(400, { __type: 'UnknownOperationException' });
    if (fake.failWith !== undefined) {
      return answer(fake.failWith.status, { __type: fake.failWith.type, Message: `not authorized to read ${arn}` });
    }
    const SecretString = secrets.get(SecretId);
    if (SecretString === undefined) {
      return answer(400, { __type: 'ResourceNotFoundException', Message: `can't find ${arn}` });
    }
    return answer(200, {
      ARN: arn,
      Name: SecretId,
      SecretString,
      VersionId: 'v1',
      VersionStages: ['AWSCURRENT'],
      CreatedDate: 1.8e9,
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = createAwsJsonClient({
    service: 'secretsmanager',
    region: 'eu-central-1',
    credentials: () => TEST_CREDENTIALS,
    clock: systemClock,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
  });
  return Object.assign(fake, {
    client,
    async close() {
      await client.close();
      await new Promise((done) => server.close(done).closeAllConnections());
    },
  });
};
