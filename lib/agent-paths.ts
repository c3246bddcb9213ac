import type { CompiledPolicy, CompiledRoute } from '../config/compiled.ts';
import type { OpenPath } from './mcp-paths.ts';

/** A method that asks who calls, as the agent's rules say. */
export interface GuardedPath {
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly auth: CompiledRoute['auth'];
}

/** Source: A2A specification §8.2; the second is its name before version 0.3. */
const CARDS = ['agent-card.json', 'agent.json'];

/** All paths of the agents function. */
export const agentPaths = ({ agents }: CompiledPolicy): readonly GuardedPath[] =>
  agents.flatMap(({ path, auth, protocol, isDefault }): GuardedPath[] => {
    if (protocol === 'a2a')
      return [
        { path, method: 'POST', auth },
        ...CARDS.map((card) => ({ path: `${path}/.well-known/${card}`, method: 'GET', auth }) as const),
      ];
    const invocations: GuardedPath = { path: `${path}/invocations`, method: 'POST', auth };
    return [invocations, ...(isDefault ? [{ ...invocations, path: '/invoke' }] : [])];
  });

const AUTHENTICATES =
  'Clients say who they are in the request itself (RFC 6749 §2.3); the function turns away all others.';
const KEYS_ARE_PUBLIC =
  'Says how tokens of this gateway are verified, which everybody may (RFC 8414, OpenID Connect Discovery).';

/** All paths of the token function. */
export const tokenPaths = ({ tokens }: CompiledPolicy): readonly OpenPath[] =>
  tokens === undefined
    ? []
    : [
        { path: '/oauth2/token', methods: ['POST'], reason: AUTHENTICATES },
        ...['openid-configuration', 'oauth-authorization-server', 'jwks.json'].map((document) => ({
          path: `/.well-known/${document}`,
          methods: ['GET'],
          reason: KEYS_ARE_PUBLIC,
        })),
      ];
