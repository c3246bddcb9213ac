import { type Finding, type Path, showPath } from './problem.ts';
import { isMap, select } from './select.ts';

const RESERVED = ['/.well-known', '/oauth2', '/agents', '/a2a', '/invoke', '/authorization'];

/** Where the endpoints of an LLM route are: `/anthropic` → `/anthropic/v1`, and `/v1` → `/v1`. */
export const basePathOf = (path: string): string => (/(^|\/)v1$/.test(path) ? path : `${path}/v1`);

const isWithin = (path: string, outer: string): boolean => path === outer || path.startsWith(`${outer}/`);

interface Route {
  readonly at: Path;
  readonly path: string;
  readonly kind: 'llm' | 'mcp';
}

const collides = (route: Route, earlier: Route): boolean => {
  const either = (a: string, b: string) => isWithin(a, b) || isWithin(b, a);
  if (route.kind === 'llm' && earlier.kind === 'llm') {
    const [one, other] = [basePathOf(route.path), basePathOf(earlier.path)];
    return either(one, other) || isWithin(route.path, other) || isWithin(earlier.path, one);
  }
  return either(route.path, earlier.path);
};

/** Routes that take calls from each other or from Gatehouse itself. */
const checkPaths = (root: unknown): readonly Finding[] => {
  const routes = (['llm', 'mcp'] as const).flatMap((kind) =>
    select(root, `${kind}.routes.*`).map(({ path }): Route => ({ at: path, path: String(path.at(-1)), kind })),
  );
  return routes.flatMap((route, index) => {
    const reserved = RESERVED.find((path) => isWithin(route.path, path));
    const other = routes.slice(0, index).find((earlier) => collides(route, earlier));
    const say = (message: string): Finding => ({ path: route.at, at: 'key', message });
    if (reserved !== undefined)
      return [say(`the route ${route.path} is reserved: ${reserved} is served by Gatehouse itself`)];
    if (other === undefined) return [];
    return [
      say(`the route ${route.path} collides with ${showPath(other.at)}: one would take calls meant for the other`),
    ];
  });
};

/** An LLM route leads either to one provider or to aliases. */
const checkTargets = (root: unknown): readonly Finding[] =>
  select(root, 'llm.routes.*').flatMap(({ path, value }): Finding[] => {
    if (!isMap(value)) return [];
    const say = (message: string): Finding => ({ path, at: 'key', message: `${showPath(path)}: ${message}` });
    if ('provider' in value && 'models' in value) return [say('expected either provider or models, found both')];
    if (!('provider' in value) && !('models' in value)) return [say('expected provider or models, found neither')];
    if ('models' in value && 'model' in value) return [say('model belongs to a route with a provider: found models')];
    if ('models' in value && 'fallbacks' in value)
      return [say('fallbacks belong to a route with a provider: a name under llm.models lists its own')];
    return [];
  });

export const checkRoutes = (root: unknown): readonly Finding[] => [...checkPaths(root), ...checkTargets(root)];
