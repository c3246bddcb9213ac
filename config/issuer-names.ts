import { parseDocument } from 'yaml';
import { selectText } from './select.ts';

export interface IssuerName {
  /** The name under `identity.providers`. */
  readonly provider: string;
  /** The variable that its issuer is read from. */
  readonly envName: string;
  readonly default?: string;
}

/**
 * Identity providers whose issuer the environment gives, as in `issuer: ${OKTA_ISSUER:-https://…}`. Empty for a file that
 * can't be read: the loader says why.
 */
export const identityIssuerNames = (text: string): readonly IssuerName[] => {
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'silent' });
  if (document.errors.length > 0) return [];
  return selectText(document.toJS({ maxAliasCount: 100 }), 'identity.providers.*.issuer').flatMap(({ path, value }) => {
    const [, envName, fallback] = /(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/.exec(value) ?? [];
    if (envName === undefined) return [];
    return [{ provider: String(path[2]), envName, ...(fallback === undefined ? {} : { default: fallback }) }];
  });
};
