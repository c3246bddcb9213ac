import type { CompiledMcpCredential } from '../../config/compiled-mcp.ts';
import type { Call } from '../core/call.ts';
import { askToken } from './ask-token.ts';
import { checkToken } from './check-token.ts';
import { createKeptTokens } from './kept-tokens.ts';
import type { OutboundAuth } from './outbound-auth.ts';
import type { OutboundAuthPorts } from './ports.ts';
import { subjectOf } from './subject.ts';
import { checkTokenUrl } from './token-url.ts';

type Exchange = Extract<CompiledMcpCredential, { type: 'exchange' }>;
type About = Pick<Exchange, 'audience' | 'scopes'>;
type Params = Readonly<Record<string, string>>;

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

/**
 * Sources: RFC 8693 §2.1 (`requested_token_type` is left out: Auth0 refuses it, and an access token is what all give);
 * Microsoft, "OAuth 2.0 On-Behalf-Of flow", for RFC 7523 as Entra has it, which knows scopes and no audience.
 */
const GRANTS: Readonly<Record<Exchange['grant'], (token: string, about: About) => Params>> = {
  'token-exchange': (token, { audience, scopes }) => ({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: token,
    subject_token_type: ACCESS_TOKEN,
    audience,
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
  }),
  'jwt-bearer': (token, { audience, scopes }) => ({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: token,
    requested_token_use: 'on_behalf_of',
    scope: scopes.length > 0 ? scopes.join(' ') : `${audience.replace(/\/$/, '')}/.default`,
  }),
};

/** What a call's token is asked for with; none stands for all that may be had. */
export type ScopesFor = (call: Call, needed: readonly string[]) => readonly string[];

/** Of these only what a tool needs, where it says so in the same words (G39). */
export const narrowed = (scopes: readonly string[], needed: readonly string[]): readonly string[] => {
  const both = scopes.filter((scope) => needed.includes(scope));
  return both.length > 0 ? both : scopes;
};

/**
 * The caller's token exchanged for one that the server accepts and that speaks of the same user.
 *
 * Kept for that user and that very token, until the earlier of both ends. It never falls back to a weaker identity: what
 * can't be exchanged is refused.
 */
export const exchange = (
  credential: Exchange,
  ports: OutboundAuthPorts,
  scopesFor: ScopesFor = (_, needed) => narrowed(credential.scopes, needed),
): OutboundAuth => {
  const { tokenUrl, audience, client, grant } = credential;
  checkTokenUrl(tokenUrl);
  const kept = createKeptTokens(ports.clock);
  return {
    perUser: true,
    async headers(call, options = {}) {
      const subject = subjectOf(call, ports.clock());
      const scopes = scopesFor(call, options.needed ?? []);
      const key = [...subject.key, tokenUrl, grant, client, audience, ...scopes];
      const token = await kept.get(key, options, async () => {
        const params = GRANTS[grant](subject.token.open(), { audience, scopes });
        const granted = await askToken({ tokenUrl, client, params }, ports);
        return checkToken(granted, { credential: client, audience, subject }, ports.clock());
      });
      return { authorization: `Bearer ${token.open()}` };
    },
  };
};
