import { type LookupAddress, type LookupAllOptions, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { CompiledIdentity } from '../../config/compiled.ts';
import type { CompiledMcp } from '../../config/compiled-mcp.ts';
import { Refusal } from '../core/refusal.ts';
import { addressKind, isLoopbackAddress } from './address-kind.ts';

/**
 * Refuses a URL that must not be asked, before it is.
 *
 * Shape:  `privateHost`: the policy itself names this host, so private addresses and plain http to them are meant.
 * Errors: `Refusal('upstream_unreachable')` with `detail.reason` `address_blocked` and what was wrong in `detail.why`.
 */
export type GuardUrl = (url: string, options: { readonly privateHost: boolean }) => Promise<void>;

/**
 * Keeps requests that a policy, a document or a server asked for away from the network around this process (SSRF).
 *
 * Two halves that need each other: `guardUrl` judges what stands in the URL, which a connection to a literal address never
 * resolves; `lookup` judges every address that a name leads to, at the moment of connecting, so that a name that answers
 * differently the second time gains nothing. Whoever sends must connect with `lookup`.
 */
export interface UrlGuard {
  readonly guardUrl: GuardUrl;
  /** For `connect.lookup`. Errors: code `address_blocked` when nothing that may be connected to is left. */
  readonly lookup: LookupFunction;
}

/** Resolves a name as `node:dns` does with `all`. */
export type ResolveAll = (
  hostname: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

interface HostRule {
  /** Reached over plain http: an address on the internet would see the credential, and so would all on the way. */
  readonly mustBePrivate: boolean;
  /** On loopback this port is where Lambda's own runtime API listens. */
  readonly mayBeLoopback: boolean;
}

const RUNTIME_API_PORT = '9001';

/** `privateUrls`: those of the policy whose hosts may have private addresses. See `privateUrlsOf`. */
export const createUrlGuard = (privateUrls: readonly string[], resolve: ResolveAll = systemLookup): UrlGuard => {
  const rules = new Map<string, HostRule>();
  for (const text of privateUrls) {
    const url = new URL(text);
    const host = hostOf(url);
    const before = rules.get(host) ?? { mustBePrivate: false, mayBeLoopback: true };
    rules.set(host, {
      mustBePrivate: before.mustBePrivate || url.protocol === 'http:',
      mayBeLoopback: before.mayBeLoopback && url.port !== RUNTIME_API_PORT,
    });
  }

  const lookup: LookupFunction = (hostname, options, callback) => {
    const rule = rules.get(bare(hostname));
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, []);
      const allowed = found.filter(({ address }) => mayConnect(address, rule));
      const [first] = allowed;
      if (first === undefined) return callback(blocked(), []);
      if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };

  return {
    lookup,
    async guardUrl(url, { privateHost }) {
      const why = faultOf(url, privateHost);
      if (why !== undefined) throw new Refusal('upstream_unreachable', { reason: BLOCKED, why });
    },
  };
};

const BLOCKED = 'address_blocked';

const blocked = (): NodeJS.ErrnoException => Object.assign(new Error('address not allowed'), { code: BLOCKED });

const mayConnect = (address: string, rule: HostRule | undefined): boolean => {
  const kind = addressKind(address);
  if (rule === undefined || kind === 'never') return kind === 'public';
  if (rule.mustBePrivate && kind !== 'private') return false;
  return rule.mayBeLoopback || !isLoopbackAddress(address);
};

/** Names that lead to the credentials of a machine, wherever they resolve to. */
const NEVER_NAMES: ReadonlySet<string> = new Set([
  'metadata',
  'metadata.goog',
  'metadata.google.internal',
  'instance-data',
  'instance-data.ec2.internal',
  'sandbox.localdomain',
]);
/** RFC 6761, RFC 6762, RFC 8375 and ICANN's `.internal`: no name on the internet ends so. */
const PRIVATE_ENDINGS: readonly string[] = ['localhost', 'local', 'localdomain', 'internal', 'home.arpa'];

/** The URL must be written as `new URL` reads it: whoever sends uses the same reader, so no spelling means two hosts. */
const faultOf = (text: string, privateHost: boolean): string | undefined => {
  if (!URL.canParse(text)) return 'not a URL';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'neither https nor http';
  if (url.username !== '' || url.password !== '') return 'a name or password in the URL';
  if (url.protocol === 'http:' && !privateHost) return 'not https';
  const host = hostOf(url);
  if (isIP(host) !== 0) return addressFault(host, url, privateHost);
  if (NEVER_NAMES.has(host)) return 'a name of a metadata service';
  if (host === '' || host.includes('%')) return 'not a host';
  const isPrivateName = !host.includes('.') || PRIVATE_ENDINGS.some((end) => host === end || host.endsWith(`.${end}`));
  if (isPrivateName && !privateHost) return 'a private name';
  if (isLocalhost(host) && url.port === RUNTIME_API_PORT) return 'the runtime API';
  return undefined;
};

const addressFault = (address: string, url: URL, privateHost: boolean): string | undefined => {
  const kind = addressKind(address);
  if (kind === 'never') return 'an address of no server';
  if (kind === 'private' && !privateHost) return 'a private address';
  if (kind === 'public' && url.protocol === 'http:') return 'not https';
  if (isLoopbackAddress(address) && url.port === RUNTIME_API_PORT) return 'the runtime API';
  return undefined;
};

const isLocalhost = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');

const bare = (hostname: string): string => hostname.toLowerCase().replace(/\.+$/, '');

const hostOf = ({ hostname }: URL): string => bare(hostname).replace(/^\[|\]$/g, '');

/**
 * The URLs of a policy that may lead to private addresses: servers whose hosts it names as such, token endpoints, issuers,
 * their keys and this gateway itself.
 * Those come from the policy alone, and an identity provider inside the network is an ordinary thing.
 */
export const privateUrlsOf = (
  policy: { readonly mcp: CompiledMcp; readonly identity: CompiledIdentity },
  ownIssuer?: string,
): readonly string[] => [
  ...(ownIssuer === undefined ? [] : [ownIssuer]),
  ...Object.values(policy.mcp.servers).flatMap((server) => {
    const own = server.type === 'http' ? server.url : server.baseUrl;
    const credentials = [server.credential, ...(server.listCredential === undefined ? [] : [server.listCredential])];
    return [
      ...(server.privateHost ? [own] : []),
      ...credentials.flatMap((one) => ('tokenUrl' in one ? [one.tokenUrl] : [])),
    ];
  }),
  ...policy.identity.providers.flatMap(({ issuer, jwksUri }) => (jwksUri === undefined ? [issuer] : [issuer, jwksUri])),
];
