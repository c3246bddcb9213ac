import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { CompiledMcpCredential } from '../../../config/compiled-mcp.ts';
import { createOutboundAuth } from '../../../lambda/outbound-auth/create-outbound-auth.ts';
import { callOf, jwt, NOW, portsFor, startTokenEndpoint } from './token-endpoint.ts';

let endpoint: Awaited<ReturnType<typeof startTokenEndpoint>>;
beforeAll(async () => {
  endpoint = await startTokenEndpoint();
});
afterAll(() => endpoint.close());
beforeEach(() => {
  endpoint.asked.length = 0;
});

const started = (credential: CompiledMcpCredential) => {
  const made = portsFor(endpoint.url);
  made.secrets.set('github', 'ghp_token');
  return { ...made, auth: createOutboundAuth(credential, made.ports) };
};

/** Nothing of the caller's token may be in what a server is sent. */
const expectNothingOfTheCallers = (headers: Readonly<Record<string, string>>) =>
  expect(JSON.stringify(headers)).not.toContain(callOf('jane').token?.open().split('.')[1]);

test('none: nothing is sent', async () => {
  const { auth } = started({ type: 'none' });
  expect(await auth.headers(callOf('jane'))).toEqual({});
  expect(auth.perUser).toBe(false);
});

describe('a static secret', () => {
  const credential = { type: 'static', credential: 'github', header: 'Authorization', scheme: 'Bearer' } as const;

  test('goes in the header of choice, in lower case', async () => {
    const { auth } = started(credential);
    const headers = await auth.headers(callOf('jane'));
    expect(headers).toEqual({ authorization: 'Bearer ghp_token' });
    expectNothingOfTheCallers(headers);
    const key = started({ ...credential, header: 'X-Api-Key', scheme: '' });
    expect(await key.auth.headers(callOf('jane'))).toEqual({ 'x-api-key': 'ghp_token' });
    expect(auth.perUser).toBe(false);
  });

  test('is read once more when the server refused it', async () => {
    const { auth, state } = started(credential);
    await auth.headers(callOf('jane'));
    expect(state.freshReads).toBe(0);
    await auth.headers(callOf('jane'), { fresh: true });
    expect(state.freshReads).toBe(1);
  });

  test.each(['', 'a\r\nx-admin: 1', 'token\n', 'tøken', ' padded'])(
    'that no header can hold is refused unquoted: %j',
    async (secret) => {
      const { auth, secrets } = started(credential);
      secrets.set('github', secret);
      await expect(auth.headers(callOf('jane'))).rejects.toMatchObject({
        code: 'credential_unavailable',
        detail: { reason: 'secret-malformed', credential: 'github' },
      });
    },
  );

  test.each(['host', 'Content-Length', 'transfer-encoding', 'a b', ''])(
    'does not go in the header %j: the policy does not start',
    (header) => {
      expect(() => started({ ...credential, header })).toThrow("can't go");
    },
  );
});

describe('client credentials', () => {
  const credential = (): CompiledMcpCredential => ({
    type: 'client-credentials',
    tokenUrl: endpoint.url,
    audience: 'https://api.example',
    scopes: ['read'],
    client: 'service',
  });

  test('are asked for once, for everybody', async () => {
    endpoint.state.answer = async () => ({
      body: {
        access_token: jwt({ aud: 'https://api.example', sub: 'service', client_id: 'service' }),
        token_type: 'Bearer',
        expires_in: 300,
      },
    });
    const { auth, state } = started(credential());
    expect(auth.perUser).toBe(false);
    const headers = await auth.headers(callOf('jane'));
    expect(await auth.headers({ ...callOf('admin'), token: undefined })).toEqual(headers);
    expectNothingOfTheCallers(headers);
    expect(endpoint.asked.map(({ form }) => Object.fromEntries(form))).toEqual([
      { grant_type: 'client_credentials', audience: 'https://api.example', scope: 'read' },
    ]);
    state.nowMs += 270_000;
    await auth.headers(callOf('jane'));
    expect(endpoint.asked).toHaveLength(2);
  });

  test('that are for somebody else are refused', async () => {
    endpoint.state.answer = async () => ({
      body: { access_token: jwt({ aud: 'https://other.example', exp: NOW + 60 }), token_type: 'Bearer' },
    });
    await expect(started(credential()).auth.headers(callOf('jane'))).rejects.toMatchObject({
      detail: { reason: 'token-audience' },
    });
  });
});
