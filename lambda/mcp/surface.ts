import { Refusal } from '../core/refusal.ts';
import type { Surface } from '../http/observed.ts';
import { EXPOSED_HEADERS } from './challenge.ts';
import type { Challenge, McpPorts } from './ports.ts';
import { writeError } from './protocol/write-error.ts';

/** How MCP is refused before there is a message to answer: JSON-RPC without an id, and what browsers must not get through. */
export const mcpSurface = ({ ownHosts }: Pick<McpPorts, 'ownHosts'>): Surface => ({
  name: 'mcp',
  writeRefusal: (refusal) => writeError(refusal, null, 'legacy').body,
  headers: { 'access-control-expose-headers': EXPOSED_HEADERS },
  admit: (request) => {
    admitHost(request, ownHosts);
    // A3: a token in a URL is in every log on the way.
    const { searchParams } = new URL(request.url);
    if ([...searchParams.keys()].some((name) => /token|bearer|authorization|api[_-]?key/i.test(name)))
      throw new Refusal('invalid_request', { reason: 'token in the query' }, { param: 'access_token' });
  },
});

/** What a refusal asks of a caller who holds these scopes. */
export const challengeOf = (
  { code, detail }: Refusal,
  about: { readonly route: string; readonly url: string; readonly held: readonly string[] },
): Challenge => {
  if (code === 'token_rejected') return { ...about, error: 'invalid_token' };
  if (code !== 'insufficient_scope') return about;
  return { ...about, error: 'insufficient_scope', scopes: detail.scopes as readonly string[] };
};

/** A page whose name was made to point here (DNS rebinding) still says its own name. */
export const admitHost = ({ url, headers }: Request, ownHosts: readonly string[] | undefined): void => {
  const { hostname } = new URL(url);
  const own = ownHosts ?? [hostname];
  if (!own.includes(hostname)) throw new Refusal('host_rejected', { reason: 'host' });
  const origin = headers.get('origin');
  if (origin === null) return;
  const from = URL.canParse(origin) ? new URL(origin).hostname : '';
  if (!own.includes(from)) throw new Refusal('host_rejected', { reason: 'origin' });
};
