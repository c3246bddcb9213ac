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
  /** Only for programs compiled with `response: true`. `code` is a whole number. */
  readonly response?: { readonly code: number; readonly headers: Readonly<Record<string, string>> };
}

const TOOL = { target: 'string', name: 'string', arguments: 'dyn', annotations: 'dyn' };

const VARIABLES: Record<string, string | Record<string, unknown>> = {
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

const RESPONSE = { code: 'int', headers: 'map<string, string>' };

const declarations = (response: boolean): Readonly<Record<string, unknown>> =>
  response ? { ...VARIABLES, response: RESPONSE } : VARIABLES;

/** The names known at a place: variables at the top, fields under `['mcp', 'tool']`. */
export const knownNames = (response: boolean, path: readonly string[] = []): readonly string[] => {
  const found = path.reduce<unknown>(
    (fields, part) => (typeof fields === 'object' ? (fields as Record<string, unknown>)[part] : undefined),
    declarations(response),
  );
  return typeof found === 'object' && found !== null ? Object.keys(found) : [];
};

/** Declares every variable. The limits hold for one expression: far above any policy, far below what hurts. */
export const declareVariables = (response: boolean): Environment => {
  const environment = new Environment({
    limits: { maxAstNodes: 1_000, maxDepth: 40, maxListElements: 200, maxMapEntries: 200 },
  });
  for (const [name, type] of Object.entries(declarations(response))) {
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
  // CEL's whole numbers are 64 bits wide and arrive as bigint.
  ...(variables.response === undefined
    ? {}
    : { response: { code: BigInt(variables.response.code), headers: variables.response.headers } }),
});
