import { isObject, type JsonObject } from './json-rpc.ts';

/** Where the gateway serves the agent, and where tokens for it come from. */
export interface CardPlace {
  /** `https://agents.acme.com/a2a/research`. */
  readonly url: string;
  /** The gateway's own, without a trailing slash. */
  readonly issuer: string;
}

const SCHEME = 'gatehouse';

/** What is signed is no longer what is said, and what referred to the agent's own schemes means nothing here. */
const DROPPED = new Set(['signatures', 'security', 'securityRequirements', 'securitySchemes']);

/**
 * The card of an agent as this gateway serves it: its URLs are the gateway's, and so is how callers prove who they are. Only
 * JSON-RPC is served here, so interfaces of another kind are left out. All else stays.
 *
 * Source: A2A specification, "AgentCard", in the shape of 0.3 and, where there are `supportedInterfaces`, of 1.0.
 */
export const rewriteCard = (card: JsonObject, { url, issuer }: CardPlace): JsonObject => {
  const rest = without(card, DROPPED);
  const openId = `${issuer}/.well-known/openid-configuration`;
  const { additionalInterfaces, supportedInterfaces, skills } = card;
  return {
    ...rest,
    ...('url' in card || supportedInterfaces === undefined ? { url } : {}),
    ...('preferredTransport' in card ? { preferredTransport: 'JSONRPC' } : {}),
    ...(Array.isArray(additionalInterfaces) ? { additionalInterfaces: ownInterfaces(additionalInterfaces, url) } : {}),
    ...(Array.isArray(supportedInterfaces) ? { supportedInterfaces: ownInterfaces(supportedInterfaces, url) } : {}),
    ...(Array.isArray(skills)
      ? { skills: skills.map((skill) => (isObject(skill) ? without(skill, DROPPED) : skill)) }
      : {}),
    ...(Array.isArray(supportedInterfaces)
      ? {
          securitySchemes: { [SCHEME]: { openIdConnectSecurityScheme: { openIdConnectUrl: openId } } },
          securityRequirements: [{ schemes: { [SCHEME]: { list: [] } } }],
        }
      : {
          securitySchemes: { [SCHEME]: { type: 'openIdConnect', openIdConnectUrl: openId } },
          security: [{ [SCHEME]: [] }],
        }),
  };
};

const without = (object: JsonObject, names: ReadonlySet<string>): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.has(name)));

const ownInterfaces = (interfaces: readonly unknown[], url: string): JsonObject[] =>
  interfaces
    .filter(isObject)
    .filter(({ transport, protocolBinding }) => (transport ?? protocolBinding ?? 'JSONRPC') === 'JSONRPC')
    .map((one) => ({ ...one, url }));
