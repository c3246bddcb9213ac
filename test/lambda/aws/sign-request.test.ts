import { describe, expect, test } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import { createSignRequest } from '../../../lambda/aws/sign-request.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { modelPath } from '../../../lambda/providers/bedrock-path.ts';
import { Sha256 } from '../../support/sha256.ts';

const FIXED = Date.UTC(2026, 10, 20, 12, 30, 45, 678);
const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not/a+secret', sessionToken: 'session/token==' };

const sign = createSignRequest({ region: 'eu-central-1', credentials: () => CREDENTIALS, clock: () => FIXED });

const request = (path: string, body: string, host = 'bedrock-runtime.us-east-1.amazonaws.com') => ({
  method: 'POST' as const,
  url: `https://${host}${path}`,
  headers: { 'content-type': 'application/json', accept: 'application/json', 'X-Mixed': 'a  b' },
  body,
});

/** What the SDK's own signer says of the same request. */
const bySdk = async (path: string, body: string, region: string): Promise<Record<string, string>> => {
  const signer = new SignatureV4({
    credentials: CREDENTIALS,
    region,
    service: 'bedrock',
    sha256: Sha256,
    applyChecksum: false,
  });
  const host = `bedrock-runtime.${region}.amazonaws.com`;
  const headers = { host, 'content-type': 'application/json', accept: 'application/json', 'x-mixed': 'a  b' };
  const asked = { method: 'POST', protocol: 'https:', hostname: host, path, headers, body };
  return (await signer.sign(asked, { signingDate: new Date(FIXED) })).headers;
};

describe('a request to Bedrock', () => {
  test.each([
    'anthropic.claude-sonnet-4-5-20250929-v1:0',
    'us.amazon.nova-pro-v1:0',
    'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  ])('is signed as the AWS SDK signs it: %s', async (model) => {
    const path = `${modelPath(model)}/converse`;
    const body = '{"messages":[{"role":"user","content":[{"text":"héllo 𝔘"}]}]}';
    const signed = await sign(request(path, body), 'bedrock', 'us-east-1');
    const expected = await bySdk(path, body, 'us-east-1');
    expect(signed.headers.authorization).toBe(expected.authorization);
    expect(signed.headers['x-amz-date']).toBe('20261120T123045Z');
    expect(signed.headers['x-amz-security-token']).toBe(CREDENTIALS.sessionToken);
    expect(signed.url).toBe(`https://bedrock-runtime.us-east-1.amazonaws.com${path}`);
  });

  test('without a Region is for our own, in the address as well', async () => {
    const signed = await sign(
      request('/model/m/converse', '{}', 'bedrock-runtime.{region}.amazonaws.com'),
      'bedrock',
      undefined,
    );
    expect(signed.url).toBe('https://bedrock-runtime.eu-central-1.amazonaws.com/model/m/converse');
    const expected = await bySdk('/model/m/converse', '{}', 'eu-central-1');
    expect(signed.headers.authorization).toBe(expected.authorization);
  });

  test('is signed for exactly its body', async () => {
    const one = await sign(request('/model/m/converse', '{"a":1}'), 'bedrock', 'us-east-1');
    const other = await sign(request('/model/m/converse', '{"a":2}'), 'bedrock', 'us-east-1');
    expect(one.headers.authorization).not.toBe(other.headers.authorization);
    expect(one.body).toBe('{"a":1}');
  });

  test('is signed with the credentials of the moment', async () => {
    let accessKeyId = 'AKIDFIRST';
    const rotating = createSignRequest({
      region: 'eu-central-1',
      credentials: () => ({ accessKeyId, secretAccessKey: `secret of ${accessKeyId}` }),
      clock: () => FIXED,
    });
    const first = await rotating(request('/m', '{}'), 'bedrock', undefined);
    accessKeyId = 'AKIDSECOND';
    const second = await rotating(request('/m', '{}'), 'bedrock', undefined);
    expect(first.headers.authorization).toContain('Credential=AKIDFIRST/20261120/eu-central-1/bedrock/');
    expect(second.headers.authorization).toContain('Credential=AKIDSECOND/20261120/eu-central-1/bedrock/');
    expect(second.headers).not.toHaveProperty('x-amz-security-token');
  });

  test('is refused where there are none', async () => {
    const nobody = createSignRequest({
      region: 'eu-central-1',
      credentials: () => {
        throw new Error('AWS_ACCESS_KEY_ID is not set');
      },
      clock: () => FIXED,
    });
    const refused = await nobody(request('/m', '{}'), 'bedrock', undefined).catch((thrown: unknown) => thrown);
    expect(refused).toBeInstanceOf(Refusal);
    expect(refused).toMatchObject({ code: 'credential_unavailable' });
  });
});
