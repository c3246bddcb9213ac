import { type Finding, finding } from './problem.ts';
import { isMap, select } from './select.ts';

/** A trust domain is no address: nothing can be found out from it. */
export const checkActorIssuers = (root: unknown): readonly Finding[] =>
  select(root, 'tokens.actorIssuers.*').flatMap(({ path, value }): Finding[] => {
    if (!isMap(value) || typeof value.issuer !== 'string' || !value.issuer.startsWith('spiffe://')) return [];
    if (value.kind !== 'spiffe')
      return [finding([...path, 'issuer'], 'expected an https address: only spiffe has trust domains')];
    if (value.jwksUri !== undefined) return [];
    return [
      finding(
        path,
        'needs jwksUri, the address of the trust domain’s bundle: a trust domain does not say where its keys are',
      ),
    ];
  });
