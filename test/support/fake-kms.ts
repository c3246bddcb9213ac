import { constants, generateKeyPairSync, type KeyObject, privateEncrypt } from 'node:crypto';
import { json } from 'node:stream/consumers';
import { createAwsJsonClient } from '../../lambda/aws/json-client.ts';
import { systemClock } from '../../lambda/core/clock.ts';
import { TEST_CREDENTIALS } from './embedded-dynamo.ts';
import { listen } from './loopback.ts';

/** RFC 8017 §9.2, note 1: DigestInfo of SHA-256. */
const DIGEST_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/**
 * As much of KMS as Sign and GetPublicKey need, on loopback, with real keys.
 * Source: AWS KMS API Reference, Sign and GetPublicKey, request and response syntax and errors.
 */
export const fakeKms = async (...ids: readonly string[]) => {
  const keys = new Map<string, { publicKey: KeyObject; privateKey: KeyObject }>(
    ids.map((id) => [id, generateKeyPairSync('rsa', { modulusLength: 2_048 })]),
  );
  const fake = { asked: [] as string[], failWith: undefined as { status: number; type: string } | undefined };
  const server = await listen(async (request, response) => {
    const body = (await json(request)) as Record<string, unknown>;
    const operation = String(request.headers['x-amz-target']);
    fake.asked.push(`${operation} ${body.KeyId}`);
    const answer = (status: number, reply: object) =>
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(reply));
    if (fake.failWith !== undefined) return answer(fake.failWith.status, { __type: fake.failWith.type });
    const key = keys.get(String(body.KeyId));
    const isSpoken =
      request.headers['content-type'] === 'application/x-amz-json-1.1' &&
      request.headers.authorization?.includes('/kms/aws4_request');
    if (!isSpoken) return answer(400, { __type: 'UnknownOperationException' });
    if (key === undefined) return answer(400, { __type: 'NotFoundException', message: `arn:aws:kms:${body.KeyId}` });
    if (operation === 'TrentService.GetPublicKey')
      return answer(200, {
        KeyId: body.KeyId,
        KeyUsage: 'SIGN_VERIFY',
        KeySpec: 'RSA_2048',
        PublicKey: key.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      });
    const digest = Buffer.from(String(body.Message), 'base64');
    const isSign =
      operation === 'TrentService.Sign' &&
      body.MessageType === 'DIGEST' &&
      body.SigningAlgorithm === 'RSASSA_PKCS1_V1_5_SHA_256' &&
      digest.length === 32;
    if (!isSign) return answer(400, { __type: 'ValidationException' });
    const padded = { key: key.privateKey, padding: constants.RSA_PKCS1_PADDING };
    const Signature = privateEncrypt(padded, Buffer.concat([DIGEST_INFO, digest])).toString('base64');
    return answer(200, { KeyId: body.KeyId, Signature, SigningAlgorithm: body.SigningAlgorithm });
  });
  const client = createAwsJsonClient({
    service: 'kms',
    region: 'eu-central-1',
    credentials: () => TEST_CREDENTIALS,
    clock: systemClock,
    endpoint: `${server.url}/`,
  });
  return Object.assign(fake, { url: server.url, client, close: () => client.close().then(server.close) });
};
