import { parseDocument } from 'yaml';
import { selectText } from './select.ts';

/** A value of the policy that the environment gives, as in `issuer: ${OKTA_ISSUER:-https://…}`. */
interface EnvName {
  /** What the policy calls the thing whose value it is. */
  readonly name: string;
  /** The variable that it is read from. */
  readonly envName: string;
  readonly default?: string;
}

/** At a place such as `identity.providers.*.issuer`, of which the third part is the name. Empty for a file that can't be read. */
const envNamesAt = (text: string, place: string): readonly EnvName[] => {
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'silent' });
  if (document.errors.length > 0) return [];
  return selectText(document.toJS({ maxAliasCount: 100 }), place).flatMap(({ path, value }) => {
    const [, envName, fallback] = /(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/.exec(value) ?? [];
    if (envName === undefined) return [];
    return [{ name: String(path[2]), envName, ...(fallback === undefined ? {} : { default: fallback }) }];
  });
};

export interface IssuerName extends Omit<EnvName, 'name'> {
  /** The name under `identity.providers`. */
  readonly provider: string;
}

/**
 * Identity providers whose issuer the environment gives, as in `issuer: ${OKTA_ISSUER:-https://…}`. Empty for a file that
 * can't be read: the loader says why.
 */
export const identityIssuerNames = (text: string): readonly IssuerName[] =>
  envNamesAt(text, 'identity.providers.*.issuer').map(({ name, ...rest }) => ({ provider: name, ...rest }));

export interface ServerUrlName extends Omit<EnvName, 'name'> {
  /** The name under `mcp.servers`. */
  readonly server: string;
}

/** The same for MCP servers and APIs whose URL the environment gives. */
export const serverUrlNames = (text: string): readonly ServerUrlName[] =>
  ['mcp.servers.*.url', 'mcp.servers.*.baseUrl']
    .flatMap((place) => envNamesAt(text, place))
    .map(({ name, ...rest }) => ({ server: name, ...rest }));
