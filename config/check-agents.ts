import { checkAudience } from './check-audience.ts';
import { OWN_CLIENT } from './compiled-tokens.ts';
import { type Finding, finding, showPath } from './problem.ts';
import { isMap, namesAt, select, selectText, valueAt } from './select.ts';

export const OWN_ISSUER = 'gatehouse';

/** AgentCore forwards so many headers at most, `Authorization` and the two tokens among them. */
const MAX_CLAIM_HEADERS = 17;

const checkIssuers = (root: unknown): readonly Finding[] => {
  const providers = namesAt(root, 'identity.providers');
  return [
    ...providers
      .filter((name) => name === OWN_ISSUER)
      .map((name) => finding(['identity', 'providers', name], 'is the name of this gateway itself', 'key')),
    ...selectText(root, 'agents.*.obo.issuer').flatMap(({ path, value }): Finding[] =>
      value === OWN_ISSUER || providers.includes(value)
        ? []
        : [finding(path, `expected gatehouse or a name under identity.providers, found ${JSON.stringify(value)}`)],
    ),
  ];
};

/** Their audience may be that of people's own tokens: it is the client that tells which one was exchanged here. */
const checkClients = (root: unknown): readonly Finding[] =>
  select(root, 'agents.*.obo').flatMap(({ path, value }): Finding[] => {
    if (!isMap(value) || typeof value.issuer !== 'string' || value.issuer === OWN_ISSUER) return [];
    const isVerified = valueAt(root, [...path.slice(0, -1), 'inbound']) === 'obo';
    if (isVerified && !('clientId' in value))
      return [
        finding(
          path,
          `needs clientId, the id of this gateway's client at ${value.issuer}: without it the runtime takes tokens that people have themselves`,
          'key',
        ),
      ];
    if (!isVerified && 'clientId' in value)
      return [
        finding([...path, 'clientId'], 'means nothing without inbound: obo, where the runtime verifies it', 'key'),
      ];
    const signIn = valueAt(root, ['identity', 'providers', value.issuer, 'clients', 'mcp', 'id']);
    return signIn !== undefined && signIn === value.clientId
      ? [finding([...path, 'clientId'], 'is the client that people sign in with: the exchange needs one of its own')]
      : [];
  });

/** What is deployed from here calls models and tools of this gateway with it. */
const checkAudiences = (root: unknown): readonly Finding[] =>
  select(root, 'agents.*').flatMap(({ path, value }): readonly Finding[] =>
    isMap(value) && isMap(value.obo) && isMap(value.runtime) && 'source' in value.runtime
      ? checkAudience(root, value.obo.issuer, [...path, 'obo', 'audience'])
      : [],
  );

/** What one kind of issuer needs and the other does not know. */
const checkObo = (root: unknown): readonly Finding[] =>
  select(root, 'agents.*.obo').flatMap(({ path, value }): Finding[] => {
    if (!isMap(value)) return [];
    const foreign =
      value.issuer === OWN_ISSUER ? ['client', 'clientId', 'audience'] : ['actor', 'subjectClaims', 'lifetime'];
    return foreign
      .filter((key) => key in value)
      .map((key) =>
        finding(
          [...path, key],
          `means nothing where the issuer is ${value.issuer === OWN_ISSUER ? OWN_ISSUER : 'an identity provider'}`,
          'key',
        ),
      );
  });

/** Under this name the gateway itself asks for tokens: a client that had it would have what only the gateway may. */
const checkOwnClient = (root: unknown): readonly Finding[] =>
  [['tokens', 'clients'], ['credentials']]
    .filter((place) => namesAt(root, place.join('.')).includes(OWN_CLIENT))
    .map((place) => finding([...place, OWN_CLIENT], 'is the name of this gateway itself', 'key'));

/** One issuer, one meaning: as a provider of identities its tokens are checked in another way. */
const checkSameIssuers = (root: unknown): readonly Finding[] => {
  const trusted = selectText(root, 'identity.providers.*.issuer').map(({ value }) => value.replace(/\/+$/, ''));
  return [...selectText(root, 'tokens.issuer'), ...selectText(root, 'tokens.actorIssuers.*.issuer')]
    .filter(({ value }) => trusted.includes(value.replace(/\/+$/, '')))
    .map(({ path }) => finding(path, 'is the issuer of an identity provider: it has to differ'));
};

const checkClaimHeaders = (root: unknown): readonly Finding[] =>
  select(root, 'agents.*.claims').flatMap(({ path, value }): Finding[] => {
    if (!isMap(value)) return [];
    const names = Object.values(value).map((one) => String(one).toLowerCase());
    const twice = Object.entries(value).filter(([, one], index) => names.indexOf(String(one).toLowerCase()) < index);
    const reserved = Object.entries(value).filter(([, one]) =>
      ['user-jwt', 'obo-token'].includes(String(one).toLowerCase()),
    );
    return [
      ...(names.length > MAX_CLAIM_HEADERS
        ? [
            finding(
              path,
              `AgentCore forwards 20 headers, which leaves ${MAX_CLAIM_HEADERS} for claims: found ${names.length}`,
            ),
          ]
        : []),
      ...twice.map(([key]) => finding([...path, key], 'the same header as another claim, and it has to differ')),
      ...reserved.map(([key]) => finding([...path, key], 'this header carries a token')),
    ];
  });

const checkDefaults = (root: unknown): readonly Finding[] => {
  const [first, ...others] = select(root, 'agents.*.default').filter(({ value }) => value === true);
  return first === undefined
    ? []
    : others.map(({ path }) => finding(path, `the same as ${showPath(first.path)}: one agent is the default`));
};

/** What is deployed from here asks this gateway for its model, as the caller. */
const checkModels = (root: unknown): readonly Finding[] => {
  const served = select(root, 'llm.routes.*').flatMap(({ value }) =>
    isMap(value) && value.auth !== 'none' && Array.isArray(value.models) ? value.models : [],
  );
  return select(root, 'agents.*').flatMap(({ path, value }): Finding[] => {
    if (!isMap(value) || !isMap(value.runtime) || !('source' in value.runtime)) return [];
    const { model = 'smart' } = value;
    if (served.includes(model)) return [];
    const at = 'model' in value ? [...path, 'model'] : path;
    return [finding(at, `no route of llm that asks who calls has ${JSON.stringify(model)} among its models`, 'key')];
  });
};

/** The agent of this repository; other folders have agents of their own. */
export const OWN_FOLDER = /^(?:\.\/)*agent\/*$/;

/** What the agent of this repository can't do: every call would fail. */
const checkOwnAgent = (root: unknown): readonly Finding[] =>
  select(root, 'agents.*').flatMap(({ path, value }): Finding[] => {
    if (!isMap(value) || !isMap(value.runtime) || !OWN_FOLDER.test(String(value.runtime.source))) return [];
    return value.protocol === 'a2a'
      ? [finding([...path, 'protocol'], 'the agent in this folder speaks http only: expected http, or another source')]
      : [];
  });

/** A runtime that runs already has an environment of its own. */
const checkTraces = (root: unknown): readonly Finding[] =>
  select(root, 'agents.*').flatMap(({ path, value }): Finding[] =>
    isMap(value) && 'traces' in value && isMap(value.runtime) && 'arn' in value.runtime
      ? [finding([...path, 'traces'], 'is for a folder that is deployed: set it where this runtime is made', 'key')]
      : [],
  );

/** A token of this gateway's own in front of agents that anybody may call would be about nobody. */
const checkPublic = (root: unknown): readonly Finding[] =>
  select(root, 'agents.*').flatMap(({ path, value }): Finding[] =>
    isMap(value) && (value.auth === 'none' || value.auth === 'optional')
      ? [finding([...path, 'auth'], 'expected strict: an agent acts for somebody')]
      : [],
  );

/** What no schema can say of agents. */
export const checkAgents = (root: unknown): readonly Finding[] => [
  ...checkIssuers(root),
  ...checkOwnClient(root),
  ...checkObo(root),
  ...checkClients(root),
  ...checkAudiences(root),
  ...checkSameIssuers(root),
  ...checkClaimHeaders(root),
  ...checkDefaults(root),
  ...checkModels(root),
  ...checkOwnAgent(root),
  ...checkTraces(root),
  ...checkPublic(root),
];
