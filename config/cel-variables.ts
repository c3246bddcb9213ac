import { Environment } from '@marcbachmann/cel-js';

/**
 * What expressions may read. All of it is always there: what a surface does not have is empty text, an empty map, `false` or
 * `null`, so that one default can serve every surface. `claims` and `jwt` are `principal.claims`; `tool` is `mcp.tool`.
 */
export interface CelVariables {
  readonly principal: {
    readonly id: string;
    readonly issuer: string;
    readonly sub: string;
    readonly clientId: string;
    readonly scopes: readonly string[];
    readonly roles: readonly string[];
    readonly groups: readonly string[];
    readonly claims: Readonly<Record<string, unknown>>;
    readonly actor: { readonly sub: string; readonly issuer: string };
  };
  readonly request: {
    readonly method: string;
    readonly path: string;
    /** Names in lower case. */
    readonly headers: Readonly<Record<string, string>>;
    readonly ip: string;
  };
  /** The route of the policy, as written there: `/anthropic`. */
  readonly route: string;
  readonly llm: {
    readonly model: string;
    readonly provider: string;
    readonly stream: boolean;
    readonly route: string;
    readonly surface: string;
  };
  readonly mcp: {
    readonly method: string;
    readonly tool: {
      readonly target: string;
      readonly name: string;
      readonly arguments: unknown;
      readonly annotations: unknown;
    };
    readonly resource: string;
    readonly prompt: string;
  };
  readonly agent: { readonly name: string };
}

/** What an expression over a provider's health may read: nothing of the caller, since what it decides holds for everyone. */
export interface HealthVariables {
  readonly llm: { readonly model: string; readonly provider: string };
  /** `code` is a whole number; names of headers are in lower case. */
  readonly response: { readonly code: number; readonly headers: Readonly<Record<string, string>> };
}

/** Which variables there are: those of a call, or those of a provider's answer. */
export type Scope = 'call' | 'health';

const TOOL = { target: 'string', name: 'string', arguments: 'dyn', annotations: 'dyn' };

type Declarations = Readonly<Record<string, string | Record<string, unknown>>>;

const OF_CALL: Declarations = {
  principal: {
    id: 'string',
    issuer: 'string',
    sub: 'string',
    clientId: 'string',
    scopes: 'list<string>',
    roles: 'list<string>',
    groups: 'list<string>',
    claims: 'map<string, dyn>',
    actor: { sub: 'string', issuer: 'string' },
  },
  claims: 'map<string, dyn>',
  jwt: 'map<string, dyn>',
  request: { method: 'string', path: 'string', headers: 'map<string, string>', ip: 'string' },
  route: 'string',
  llm: { model: 'string', provider: 'string', stream: 'bool', route: 'string', surface: 'string' },
  mcp: { method: 'string', tool: TOOL, resource: 'string', prompt: 'string' },
  tool: TOOL,
  agent: { name: 'string' },
};

const OF_HEALTH: Declarations = {
  llm: { model: 'string', provider: 'string' },
  response: { code: 'int', headers: 'map<string, string>' },
};

const DECLARATIONS: Readonly<Record<Scope, Declarations>> = { call: OF_CALL, health: OF_HEALTH };

/** The names known at a place: variables at the top, fields under `['mcp', 'tool']`. */
export const knownNames = (scope: Scope, path: readonly string[] = []): readonly string[] => {
  const found = path.reduce<unknown>(
    (fields, part) => (typeof fields === 'object' ? (fields as Record<string, unknown>)[part] : undefined),
    DECLARATIONS[scope],
  );
  return typeof found === 'object' && found !== null ? Object.keys(found) : [];
};

/** Declares every variable. The limits hold for one expression: far above any policy, far below what hurts. */
export const declareVariables = (scope: Scope): Environment => {
  const environment = new Environment({
    limits: { maxAstNodes: 1_000, maxDepth: 40, maxListElements: 200, maxMapEntries: 200 },
  });
  for (const [name, type] of Object.entries(DECLARATIONS[scope])) {
    if (typeof type === 'string') environment.registerVariable(name, type);
    else environment.registerVariable({ name, schema: type as Record<string, string> });
  }
  return environment;
};

/** The variables under every name that expressions know. */
export const bindVariables = (variables: CelVariables): Record<string, unknown> => ({
  principal: variables.principal,
  claims: variables.principal.claims,
  jwt: variables.principal.claims,
  request: variables.request,
  route: variables.route,
  llm: variables.llm,
  mcp: variables.mcp,
  tool: variables.mcp.tool,
  agent: variables.agent,
});

export const bindHealthVariables = ({
  llm,
  response: { code, headers },
}: HealthVariables): Record<string, unknown> => ({
  llm,
  response: { code: BigInt(code), headers }, // CEL's whole numbers are 64 bits wide.
});
