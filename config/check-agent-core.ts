import { checkAudience } from './check-audience.ts';
import { type Finding, finding } from './problem.ts';
import { isMap, select, selectText, valueAt } from './select.ts';

const PLACE = 'deployment.agentCore';

/** A token that says who the caller is comes from one identity provider, so the gateway takes those of this one. */
const checkGateway = (root: unknown): readonly Finding[] =>
  select(root, `${PLACE}.gateway`).flatMap(({ path }): Finding[] => {
    const provider = valueAt(root, [...path.slice(0, -1), 'credentialProvider']);
    return isMap(provider)
      ? []
      : [
          finding(
            path,
            'needs credentialProvider beside it, by which callers’ tokens are exchanged for those of the route',
            'key',
          ),
        ];
  });

const checkRoute = (root: unknown): readonly Finding[] =>
  selectText(root, `${PLACE}.gateway.route`).flatMap(({ path, value }): Finding[] => {
    const route = valueAt(root, ['mcp', 'routes', value]);
    if (!isMap(route) || route.auth !== 'none') return [];
    return [finding(path, `${value} asks nobody who they are: name a route with auth: strict or optional`)];
  });

const checkGatewayAudience = (root: unknown): readonly Finding[] =>
  select(root, `${PLACE}.gateway.audience`).flatMap(({ path }) =>
    checkAudience(root, valueAt(root, ['deployment', 'agentCore', 'credentialProvider', 'exchange']), path),
  );

/** What runs elsewhere has a role of its own, which is not ours to change. */
const checkAgents = (root: unknown): readonly Finding[] =>
  selectText(root, `${PLACE}.credentialProvider.agents.*`).flatMap(({ path, value }): Finding[] => {
    const runtime = valueAt(root, ['agents', value, 'runtime']);
    if (!isMap(runtime) || 'source' in runtime) return [];
    return [finding(path, `${value} is deployed elsewhere: allow its own role to use the credential provider`)];
  });

/** What no schema can say of `deployment.agentCore`. */
export const checkAgentCore = (root: unknown): readonly Finding[] => [
  ...checkGateway(root),
  ...checkRoute(root),
  ...checkGatewayAudience(root),
  ...checkAgents(root),
];
