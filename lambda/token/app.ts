import { Hono } from 'hono';
import type { CompiledPolicy } from '../../config/compiled.ts';
import { Refusal, type RefusalCode } from '../core/refusal.ts';
import type { GatewayEnv } from '../http/gateway-env.ts';
import { type Answer, observed, type Serve, type Surface } from '../http/observed.ts';
import type { Exchange } from '../telemetry/exchange.ts';
import { createExchangeToken, type ExchangeFacts } from './exchange-token.ts';
import { metadata } from './metadata.ts';
import { writeTokenRefusal } from './oauth-error.ts';
import { TOKEN_DOCUMENTS, TOKEN_PATH } from './paths.ts';
import type { TokenPorts } from './ports.ts';
import { readForm } from './read-form.ts';

export interface TokenApp {
  /** Never throws: whatever goes wrong is an answer. */
  fetch(request: Request, env: GatewayEnv): Promise<Response>;
}

/** Keys are published before they sign and after: see docs/runbooks/rotate-token-keys.md. */
const KEPT = { 'cache-control': 'public, max-age=300' };

/** The gateway as an issuer. Errors: an `Error` for a policy that makes no tokens. */
export const createTokenApp = (policy: CompiledPolicy, ports: TokenPorts): TokenApp => {
  const { tokens } = policy;
  if (tokens === undefined) throw new Error('the policy makes no tokens');
  const app = new Hono<{ Bindings: GatewayEnv }>();
  const { issuer, keys } = ports;
  const serve = (
    route: string,
    answer: (request: Request, exchange: Exchange) => Promise<Answer>,
    allow?: string,
  ): Serve =>
    observed(
      policy,
      { path: route, auth: 'none' },
      { ...SURFACE, ...(allow === undefined ? {} : { headers: { allow } }) },
      { ...ports, identify: nobody },
      async (request, _call, exchange) => answer(request, exchange),
    );
  const refuse = (route: string, code: RefusalCode, allow?: string): Serve =>
    serve(route, () => Promise.reject(new Refusal(code)), allow);

  const exchangeToken = createExchangeToken({ ...policy, tokens }, ports);
  const token = serve(TOKEN_PATH, async (request, exchange) => {
    const facts: ExchangeFacts = {};
    exchange.principal = undefined;
    try {
      const issued = await exchangeToken(request, await readForm(request), facts);
      note(exchange, facts, issued.jti);
      const seconds = issued.expiresAt - Math.floor(ports.clock() / 1_000);
      return {
        // RFC 6749 §5.1: no cache keeps a token, however old.
        headers: { pragma: 'no-cache' },
        body: {
          access_token: issued.token.open(),
          issued_token_type: issued.issuedTokenType,
          token_type: 'Bearer',
          expires_in: seconds,
          ...(issued.areScopesAsAsked ? {} : { scope: issued.scopes.join(' ') }),
        },
      };
    } catch (thrown) {
      note(exchange, facts);
      throw thrown;
    }
  });
  app.post(TOKEN_PATH, (context) => token(context.req.raw, context.env));
  const postOnly = refuse(TOKEN_PATH, 'method_not_allowed', 'POST');
  app.all(TOKEN_PATH, (context) => postOnly(context.req.raw, context.env));

  for (const path of TOKEN_DOCUMENTS) {
    const document = serve(path, async () => ({
      headers: KEPT,
      body: path.endsWith('jwks.json') ? { keys: await keys.published() } : metadata(issuer),
    }));
    app.get(path, (context) => document(context.req.raw, context.env));
    const getOnly = refuse(path, 'method_not_allowed', 'GET, HEAD');
    app.all(path, (context) => getOnly(context.req.raw, context.env));
  }
  const notHere = refuse('', 'route_not_found');
  app.notFound((context) => notHere(context.req.raw, context.env));
  return { fetch: async (request, env) => app.fetch(request, env) };
};

const SURFACE: Surface = {
  name: 'token',
  writeRefusal: writeTokenRefusal,
  // RFC 6749 §5.2: whoever used Basic is told so; it is the one scheme that this endpoint takes.
  challenge: () => 'Basic realm="gatehouse", charset="UTF-8"',
};

const nobody = async (): Promise<never> => {
  throw new Refusal('token_missing');
};

const note = (exchange: Exchange, { client, audience, subject, actor }: ExchangeFacts, jti?: string): void => {
  exchange.principal = subject;
  exchange.token = {
    ...(client === undefined ? {} : { client }),
    ...(audience === undefined ? {} : { audience }),
    ...(actor === undefined ? {} : { actor: { sub: actor.sub, issuer: actor.issuer } }),
    ...(jti === undefined ? {} : { jti }),
  };
};
