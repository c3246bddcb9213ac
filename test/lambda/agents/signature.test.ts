import { afterEach, describe, expect, test } from '@jest/globals';
import type { CompiledAgent } from '../../../config/compiled-agents.ts';
import {
  type AgentsGateway,
  ARN,
  compiledAgent,
  json,
  type RuntimeCall,
  refused,
  startAgentsGateway,
} from '../../support/agents-gateway.ts';
import { isSignedRight, signedHeadersOf } from '../../support/verify-sigv4.ts';

const running: AgentsGateway[] = [];
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.close();
});

const obo = { issuer: 'gatehouse', actor: 'helper', subjectClaims: [], lifetimeSeconds: 300 } as const;

const callsOf = async (agent: Partial<CompiledAgent>, answer = json({})): Promise<readonly RuntimeCall[]> => {
  const gateway = await startAgentsGateway([compiledAgent(agent)], answer);
  running.push(gateway);
  await gateway.invoke(
    'jane',
    { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
    '{"prompt":"héllo"}',
  );
  return gateway.runtimeCalls;
};

describe('a signed call, as the AWS SDK would verify it', () => {
  test.each<CompiledAgent['inbound']>([
    { type: 'jwt-passthrough' },
    { type: 'claims-as-headers', claims: { sub: 'Sub', scopes: 'Scopes' } },
  ])('holds in $type, and covers every header that says who calls', async (inbound) => {
    const [call] = await callsOf({ inbound, obo });
    if (call === undefined) throw new Error('no call came');
    expect(await isSignedRight(call)).toBe(true);
    expect(call.headers.authorization).toContain('/eu-central-1/bedrock-agentcore/aws4_request');
    expect(call.path).toBe(`/runtimes/${encodeURIComponent(ARN)}/invocations?qualifier=DEFAULT`);
    const custom = Object.keys(call.headers).filter((name) => name.startsWith('x-amzn-bedrock-'));
    expect(custom.length).toBeGreaterThanOrEqual(3);
    expect(signedHeadersOf(call)).toEqual(expect.arrayContaining([...custom, 'host', 'content-type', 'traceparent']));
    expect(signedHeadersOf(call)).not.toContain('x-amzn-trace-id');
    for (const name of custom)
      expect(await isSignedRight({ ...call, headers: { ...call.headers, [name]: `${call.headers[name]}x` } })).toBe(
        false,
      );
    expect(await isSignedRight({ ...call, body: '{"prompt":"other"}' })).toBe(false);
    expect(await isSignedRight({ ...call, path: call.path.replace('DEFAULT', 'OTHER') })).toBe(false);
  });

  test('is signed anew for each try', async () => {
    const calls = await callsOf({}, refused(500, 'InternalServerException'));
    expect(calls).toHaveLength(3);
    for (const call of calls) expect(await isSignedRight(call)).toBe(true);
  });
});
