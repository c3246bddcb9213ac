import { type Finding, type Path, showPath } from './problem.ts';
import { valueAt } from './select.ts';

/** A token with which this gateway is to be called has to be for one of the audiences that it takes of the provider. */
export const checkAudience = (root: unknown, provider: unknown, path: Path): readonly Finding[] => {
  const audience = valueAt(root, path);
  const taken = typeof provider === 'string' ? valueAt(root, ['identity', 'providers', provider, 'audiences']) : [];
  if (typeof audience !== 'string' || !Array.isArray(taken) || taken.length === 0 || taken.includes(audience))
    return [];
  const message = `${showPath(path)}: the gateway takes no token for it: expected one of ${taken.map(String).join(', ')}`;
  return [{ path, at: 'value', message }];
};
