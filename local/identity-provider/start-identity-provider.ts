import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIPv4 } from 'node:net';
import { type Clock, systemClock } from '../../lambda/core/clock.ts';
import type { DemoUser } from '../demo-users.ts';
import { AUDIENCE, ISSUER_PATH, KEY_FILE, localIssuer } from './address.ts';
import { SERVICE_CLIENT } from './clients.ts';
import { createProvider } from './create-provider.ts';
import { openKeyFile } from './key-file.ts';
import { memoryStore } from './memory-store.ts';
import { ownTokens } from './own-tokens.ts';
import { readAsOkta } from './read-as-okta.ts';
import { signIn } from './sign-in.ts';
import { tokenExchange } from './token-exchange.ts';
import { userinfo } from './userinfo.ts';
import { withoutIssuer } from './without-issuer.ts';

export interface IdentityProviderOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly host?: string;
  readonly path?: string;
  readonly audience?: string;
  readonly users: readonly DemoUser[];
  readonly keyFile?: string;
  readonly clock?: Clock;
  /** Told of mistakes of the provider itself, which callers see as `server_error` only. */
  readonly onError?: (error: Error) => void;
}

export interface IdentityProvider {
  readonly issuer: string;
  /** The origin, without the issuer's path. */
  readonly url: string;
  /** The client that may use client credentials and exchange tokens. Its secret is this machine's own. */
  readonly serviceClient: { readonly id: string; readonly secret: string };
  close(): Promise<void>;
}

/**
 * An OpenID provider on this machine that answers as an Okta custom authorization server.
 *
 * Shape:  tokens verify through discovery alone; a restart keeps the key, not the sessions.
 * Errors: rejects for a host that others could reach (anybody may be anybody here) and for a port that is taken.
 * Source: Okta, "OpenID Connect & OAuth 2.0 API": endpoints and claims.
 */
export const startIdentityProvider = async (options: IdentityProviderOptions): Promise<IdentityProvider> => {
  const { host = '127.0.0.1', path = ISSUER_PATH, audience = AUDIENCE, users, clock = systemClock } = options;
  if (!isLoopback(host)) {
    throw new Error(`the local identity provider listens on loopback addresses such as 127.0.0.1 only, found ${host}`);
  }
  const identity = await openKeyFile(options.keyFile ?? KEY_FILE);
  const server = createServer();
  const issuer = localIssuer(await listen(server, options.port, host), path, host);

  const store = memoryStore(clock);
  const provider = createProvider({ issuer, audience, users, identity, store });
  const { kty, n, e, kid } = identity.signingKey;
  const tokens = ownTokens(issuer, { kty, n, e, kid, alg: 'RS256', use: 'sig' }, store, clock);
  tokenExchange(provider, { issuer, audience, users, signingKey: identity.signingKey, tokens, clock });
  provider.use(withoutIssuer(issuer));
  provider.use(userinfo(tokens, users));
  provider.use(signIn(provider, users, (uid) => users.find((user) => user.uid === uid)));
  const onError = options.onError ?? ((error) => console.error(error));
  provider.on('server_error', (_ctx, error) => onError(error));
  provider.onerror = onError;

  const answer = provider.callback();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!mount(request, response, new URL(issuer))) return;
    readAsOkta(request, tokens)
      .then(async (read) => {
        if (read === undefined) end(response, 413, 'The form is too large.');
        else await answer(read, response);
      })
      .catch(() => response.destroy());
  });

  return {
    issuer,
    url: new URL(issuer).origin,
    serviceClient: { id: SERVICE_CLIENT, secret: identity.serviceSecret },
    close: () => close(server),
  };
};

const isLoopback = (host: string): boolean => host === '::1' || (isIPv4(host) && host.startsWith('127.'));

/** Takes the issuer's path off the URL; answers itself, with false, what is not for the provider. */
const mount = (request: IncomingMessage, response: ServerResponse, issuer: URL): boolean => {
  const { url = '', headers } = request;
  if (headers.host !== issuer.host) {
    // A page whose name was made to point at this machine (DNS rebinding) stops here; people who type localhost go on.
    if (headers.host !== `localhost:${issuer.port}` || !url.startsWith('/')) return end(response, 421, 'Wrong host.');
    response.setHeader('location', `${issuer.origin}${url}`);
    return end(response, 308, 'See the other address.');
  }
  if (!url.startsWith(`${issuer.pathname}/`)) return end(response, 404, `The issuer is ${issuer.href}`);
  // What the library takes the mount path from.
  Object.assign(request, { originalUrl: url, url: url.slice(issuer.pathname.length) });
  return true;
};

const end = (response: ServerResponse, status: number, text: string): false => {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
  return false;
};

const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      reject(taken ? new Error(`port ${port} is taken: choose others with --port N`, { cause }) : cause);
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });

const close = (server: Server): Promise<void> =>
  new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeAllConnections();
  });
