import type { Call } from '../../../lambda/core/call.ts';
import { noFacts } from '../../../lambda/core/call.ts';
import { Hidden } from '../../../lambda/core/hidden.ts';
import { ANONYMOUS, type Principal } from '../../../lambda/core/principal.ts';
import { createUrlGuard } from '../../../lambda/outbound-auth/guard-url.ts';
import type { OutboundAuthPorts } from '../../../lambda/outbound-auth/ports.ts';
import { createSend } from '../../../lambda/providers/send.ts';
import { listen } from '../../support/loopback.ts';

export const ISSUER = 'https://acme.okta.com/oauth2/default';
export const NOW = 1_800_000_000;

/** A JWT that nobody signed: who gets it here does not check. */
export const jwt = (claims: Readonly<Record<string, unknown>>): string =>
  `${[{ alg: 'RS256' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.c2ln`;

export interface Asked {
  readonly authorization: string | undefined;
  readonly form: URLSearchParams;
}

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A token endpoint on loopback that says what a test tells it to, and remembers what it was asked. */
export const startTokenEndpoint = async () => {
  const asked: Asked[] = [];
  const state = {
    answer: async (_asked: Asked): Promise<Answer> => ({ body: {} }),
  };
  const server = await listen(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const one = {
      authorization: request.headers.authorization,
      form: new URLSearchParams(Buffer.concat(chunks).toString()),
    };
    asked.push(one);
    const { status = 200, headers = {}, body } = await state.answer(one);
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return { url: `${server.url}/v1/token`, asked, state, close: server.close };
};

/** The real network, a clock that stands still, and secrets that a test may change. */
export const portsFor = (tokenUrl: string) => {
  const state = { nowMs: NOW * 1000, ids: 0, freshReads: 0 };
  const secrets = new Map([['service', '{"clientId":"gate:house","clientSecret":"s3cret/+ &"}']]);
  const { guardUrl, lookup } = createUrlGuard([tokenUrl]);
  const ports: OutboundAuthPorts = {
    credentials: {
      async read(name, { fresh = false } = {}) {
        if (fresh) state.freshReads++;
        return new Hidden(secrets.get(name) ?? '');
      },
    },
    send: createSend({ lookup }),
    guardUrl,
    clock: () => state.nowMs,
    newId: () => `id-${++state.ids}`,
  };
  return { ports, state, secrets };
};

/** One call of a user, with an Okta token of theirs. */
export const callOf = (
  sub: string,
  claims: Readonly<Record<string, unknown>> = {},
  principal: Partial<Principal> = {},
): Call => {
  const said = {
    iss: ISSUER,
    sub,
    uid: `uid-${sub}`,
    cid: 'copilot',
    aud: 'api://default',
    exp: NOW + 3600,
    ...claims,
  };
  return {
    id: 'call',
    principal: {
      ...ANONYMOUS,
      id: `id-${sub}`,
      issuer: ISSUER,
      sub,
      clientId: 'copilot',
      expiresAt: NOW + 3630,
      ...principal,
    },
    token: new Hidden(jwt(said)),
    request: { method: 'POST', path: '/mcp', headers: {}, ip: '127.0.0.1' },
    route: '/mcp',
    signal: new AbortController().signal,
    facts: noFacts(),
  };
};
