import { describe, expect, test } from '@jest/globals';
import { AwsError } from '../../../lambda/aws/aws-error.ts';
import { runtimeAddresses } from '../../../lambda/aws/runtime-addresses.ts';

const arn = (name: string, region = 'eu-central-1', partition = 'aws'): string =>
  `arn:${partition}:bedrock-agentcore:${region}:123456789012:runtime/${name}`;

const agents = [
  { name: 'here', runtime: { type: 'source', qualifier: 'live' } },
  { name: 'there', runtime: { type: 'arn', arn: arn('there-1', 'us-east-1'), qualifier: 'PROD' } },
] as const;

const started = (values: readonly (string | Error)[]) => {
  const asked: object[] = [];
  let nowMs = 0;
  const client = {
    send: async (operation: string, input: object) => {
      const value = values[Math.min(asked.length, values.length - 1)] ?? '';
      asked.push({ operation, input });
      if (value instanceof Error) throw value;
      return { Parameter: { Value: value } };
    },
    close: async () => {},
  };
  const addressOf = runtimeAddresses({
    agents,
    client,
    parameter: '/gatehouse/runtimes',
    clock: () => nowMs,
    timeoutMs: 100,
  });
  return { asked, addressOf, pass: (ms: number) => (nowMs += ms) };
};

describe('the address of a runtime', () => {
  test('that the policy names is in its own Region, and nothing is asked', async () => {
    const { addressOf, asked } = started([]);
    expect(await addressOf('there')).toEqual({
      arn: arn('there-1', 'us-east-1'),
      qualifier: 'PROD',
      endpoint: 'https://bedrock-agentcore.us-east-1.amazonaws.com',
    });
    expect(asked).toEqual([]);
  });

  test.each([JSON.stringify({ here: arn('here-1') }), JSON.stringify({ here: { arn: arn('here-1') } })])(
    'that was deployed with it stands in the parameter: %s',
    async (value) => {
      const { addressOf, asked } = started([value]);
      expect(await addressOf('here')).toEqual({
        arn: arn('here-1'),
        qualifier: 'live',
        endpoint: 'https://bedrock-agentcore.eu-central-1.amazonaws.com',
      });
      expect(asked).toEqual([{ operation: 'GetParameter', input: { Name: '/gatehouse/runtimes' } }]);
    },
  );

  test('is read once a minute, and what it was still holds when it can not be read', async () => {
    const { addressOf, asked, pass } = started([
      JSON.stringify({ here: arn('one') }),
      new AwsError('Unreachable'),
      JSON.stringify({ here: arn('two') }),
    ]);
    await addressOf('here');
    pass(59_000);
    await addressOf('here');
    expect(asked).toHaveLength(1);
    pass(1_000);
    expect((await addressOf('here')).arn).toBe(arn('one'));
    expect((await addressOf('here')).arn).toBe(arn('one'));
    expect(asked).toHaveLength(2);
    pass(5_000);
    expect((await addressOf('here')).arn).toBe(arn('two'));
  });

  test.each<[string, string | Error]>([
    ['is not deployed', '{}'],
    ['is no ARN', JSON.stringify({ here: 'https://evil.example/' })],
    ['is an ARN of something else', JSON.stringify({ here: 'arn:aws:s3:::bucket' })],
    ['stands in what is no JSON', 'unset'],
    ['stands in what is no object', 'null'],
    ['can not be read', new AwsError('ParameterNotFound', 400)],
  ])('that %s is none', async (_why, value) => {
    const { addressOf } = started([value]);
    await expect(addressOf('here')).rejects.toMatchObject({ code: 'agent_unavailable' });
  });

  test('in China has another domain', async () => {
    const { addressOf } = started([JSON.stringify({ here: arn('x', 'cn-north-1', 'aws-cn') })]);
    expect((await addressOf('here')).endpoint).toBe('https://bedrock-agentcore.cn-north-1.amazonaws.com.cn');
  });
});
