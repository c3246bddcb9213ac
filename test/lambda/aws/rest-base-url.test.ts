import { expect, test } from '@jest/globals';
import { restBaseUrl } from '../../../lambda/aws/rest-base-url.ts';

test.each([
  [
    'https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/mcp',
    'https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod',
  ],
  [
    'https://a1b2c3d4e5.execute-api.cn-north-1.amazonaws.com.cn/mcp',
    'https://a1b2c3d4e5.execute-api.cn-north-1.amazonaws.com.cn/prod',
  ],
  [
    'https://a1b2c3d4e5-vpce-0a1b2c3d.execute-api.us-east-1.amazonaws.com/',
    'https://a1b2c3d4e5-vpce-0a1b2c3d.execute-api.us-east-1.amazonaws.com/prod',
  ],
  ['https://agents.acme.example/mcp?x=1', 'https://agents.acme.example'],
  [
    'https://execute-api.eu-central-1.amazonaws.com.evil.example/mcp',
    'https://execute-api.eu-central-1.amazonaws.com.evil.example',
  ],
])('%s is reached at %s', (url, base) => {
  expect(restBaseUrl('prod')(url)).toBe(base);
});
