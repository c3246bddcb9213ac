import { isObject, type Json, listOr, objectOr, textOr } from './json.ts';
import type { OpenApiDocument } from './read-document.ts';
import { follow } from './references.ts';

/** How the API wants to be shown a credential: what a `static` credential of the server starts from. */
export interface CredentialPlace {
  readonly header: string;
  /** Before the secret, with a space between; empty for none. */
  readonly scheme: string;
}

export interface Security {
  /** Every parameter by which a scheme of the document is carried, as `in name`, lower case. */
  readonly carried: ReadonlySet<string>;
  of(operation: Json): {
    readonly scopes: readonly string[];
    readonly place?: CredentialPlace;
    readonly warnings: readonly string[];
  };
}

/** Security schemes become outbound credentials, and the scopes they ask for become scopes of the tool (O10). */
export const readSecurity = (document: OpenApiDocument): Security => {
  const schemes = new Map(
    Object.entries(objectOr(objectOr(document.root.components).securitySchemes)).map(([name, scheme]) => [
      name,
      objectOr(follow(document, scheme, `#/components/securitySchemes/${name}`).value),
    ]),
  );
  const carried = [...schemes.values()]
    .filter(({ type, in: place, name }) => type === 'apiKey' && typeof place === 'string' && typeof name === 'string')
    .map(({ in: place, name }) => `${place} ${name}`.toLowerCase());
  return {
    carried: new Set(carried),
    of: (operation) => {
      const choices = listOr(operation.security ?? document.root.security).filter(isObject);
      const required = choices.some((choice) => Object.keys(choice).length === 0) ? undefined : choices[0];
      // An operation that may be called without a credential is still shown the one there is.
      const chosen = required ?? choices.find((choice) => Object.keys(choice).length > 0) ?? {};
      const used = Object.keys(chosen).map((name) => schemes.get(name) ?? {});
      const place = used.map(placeOf).find((one) => one !== undefined);
      return {
        scopes: required === undefined ? [] : scopesOf(required, schemes),
        ...(place === undefined ? {} : { place }),
        warnings: required === undefined ? [] : used.flatMap(warningsOf),
      };
    },
  };
};

const scopesOf = (required: Json, schemes: ReadonlyMap<string, Json>): readonly string[] => {
  const isScoped = (name: string): boolean => ['oauth2', 'openIdConnect'].includes(String(schemes.get(name)?.type));
  const scopes = Object.entries(required).flatMap(([name, listed]) =>
    isScoped(name) ? listOr(listed).map(String) : [],
  );
  return [...new Set(scopes)].sort();
};

const placeOf = ({ type, scheme, in: place, name }: Json): CredentialPlace | undefined => {
  if (type === 'oauth2' || type === 'openIdConnect') return { header: 'authorization', scheme: 'Bearer' };
  if (type === 'http' && typeof scheme === 'string')
    return { header: 'authorization', scheme: HTTP_SCHEMES.get(scheme.toLowerCase()) ?? scheme };
  const header = place === 'header' ? textOr(name) : undefined;
  return type === 'apiKey' && header !== undefined ? { header: header.toLowerCase(), scheme: '' } : undefined;
};

const HTTP_SCHEMES = new Map([
  ['basic', 'Basic'],
  ['bearer', 'Bearer'],
]);

const warningsOf = ({ type, in: place }: Json): readonly string[] => {
  if (type === 'apiKey' && place !== 'header')
    return [`it wants its key in the ${String(place)}, which is not sent: keys go into headers only`];
  return type === 'mutualTLS' ? ['it wants a client certificate, which is not sent'] : [];
};
