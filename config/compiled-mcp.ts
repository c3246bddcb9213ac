import type { CompiledRoute } from './compiled.ts';

/** The MCP part of a compiled policy. */
export interface CompiledMcp {
  readonly servers: Readonly<Record<string, CompiledMcpServer>>;
  readonly routes: readonly CompiledMcpRoute[];
  /** The one client that MCP clients are told to be at an identity provider, by the provider's name in the policy. */
  readonly clients?: Readonly<Record<string, CompiledMcpClient>>;
}

/** A client that is registered at an identity provider by hand, with every redirect URI that it may have. */
export interface CompiledMcpClient {
  readonly clientId: string;
  /** The only ones that an answer may go to. One on this machine stands for every port there (RFC 8252 §7.3). */
  readonly redirectUris: readonly string[];
  /** Holds its id and secret, or private key, as JSON, where it is no public client. At Entra only. */
  readonly credential?: string;
}

interface CompiledMcpServerBase {
  readonly name: string;
  /** Whether its annotations may grant anything: they always may restrict. */
  readonly trusted: boolean;
  /** `skip`: its absence shortens a list and is reported; `fail`: it fails the list. */
  readonly onFailure: 'skip' | 'fail';
  readonly credential: CompiledMcpCredential;
  /** For listing, where that is not done as the caller. */
  readonly listCredential?: CompiledMcpCredential;
  readonly timeouts: { readonly connectMs: number; readonly firstByteMs: number; readonly totalMs: number };
  /** Most calls to it at once from one process. */
  readonly concurrency: number;
  /** How long its lists may be served again, in milliseconds. */
  readonly catalogTtlMs: number;
  /** The policy names this host itself: private addresses are meant. */
  readonly privateHost: boolean;
}

export interface CompiledHttpServer extends CompiledMcpServerBase {
  readonly type: 'http';
  readonly url: string;
  /** `auto` finds out and remembers. */
  readonly era: 'auto' | 'modern' | 'legacy';
}

export interface CompiledOpenApiServer extends CompiledMcpServerBase {
  readonly type: 'openapi';
  readonly baseUrl: string;
  /** What the document became at build time. */
  readonly tools: readonly CompiledOpenApiTool[];
}

export type CompiledMcpServer = CompiledHttpServer | CompiledOpenApiServer;

/** One operation as a tool, and how its arguments become a request. */
export interface CompiledOpenApiTool {
  /** As MCP lists it: name, title, description, inputSchema, outputSchema, annotations. */
  readonly definition: Readonly<Record<string, unknown>>;
  readonly method: string;
  /** With `{name}` where path parameters go. */
  readonly path: string;
  readonly parameters: readonly OpenApiParameter[];
  readonly body?: OpenApiBody;
  /** The result is wrapped as `{result: …}` because a tool's structured content is an object. */
  readonly wrapped: boolean;
  /** What a caller has to hold. */
  readonly scopes: readonly string[];
  /** What the API asks for, by its document: a token for a call needs no other. */
  readonly upstreamScopes: readonly string[];
}

export interface OpenApiBody {
  readonly contentType: string;
  readonly required: boolean;
  /** The argument that is the whole body. Base64 where the content type is neither JSON nor a form nor text. */
  readonly argument?: string;
  /** Otherwise: arguments and the members of the body that they become. */
  readonly members?: Readonly<Record<string, string>>;
  /** Members that go out as files: base64 in the arguments, bytes in the body. */
  readonly files?: readonly string[];
  /** How members of a form are written that hold lists or objects, where the document says so. */
  readonly styles?: Readonly<Record<string, { readonly style: string; readonly explode: boolean }>>;
}

export interface OpenApiParameter {
  /** As the tool's arguments have it. */
  readonly argument: string;
  /** As the API has it. */
  readonly name: string;
  readonly in: 'path' | 'query' | 'header' | 'cookie';
  /** As OpenAPI names it, or `json` for a value that is sent as JSON. */
  readonly style: string;
  readonly explode: boolean;
  readonly required: boolean;
  /** What kind of value it takes. Absent: any. */
  readonly shape?: 'scalar' | 'array' | 'object';
  /** The only keys that an object may have here. Absent: any. */
  readonly keys?: readonly string[];
}

/** How a server is told who calls. The caller's own token is never sent. */
export type CompiledMcpCredential =
  | { readonly type: 'none' }
  | { readonly type: 'static'; readonly credential: string; readonly header: string; readonly scheme: string }
  /** RFC 8693 at an identity provider of the policy: the server is called as the user. */
  | {
      readonly type: 'exchange';
      readonly tokenUrl: string;
      readonly audience: string;
      readonly scopes: readonly string[];
      /** Holds the client's id and secret, or private key, as JSON. */
      readonly client: string;
      /** `token-exchange` is RFC 8693; `jwt-bearer` is RFC 7523 as Entra has it. */
      readonly grant: 'token-exchange' | 'jwt-bearer';
    }
  /** A token of this gateway's own that says who the user is, from its own token endpoint. */
  | { readonly type: 'own-token'; readonly audience: string; readonly scopes: readonly string[] }
  | {
      readonly type: 'client-credentials';
      readonly tokenUrl: string;
      readonly audience?: string;
      readonly scopes: readonly string[];
      readonly client: string;
    };

export interface CompiledMcpRoute extends CompiledRoute {
  /** Names under `mcp.servers`, in the order of their lists. */
  readonly servers: readonly string[];
  readonly prefix: 'always' | 'never';
  readonly tools: CompiledToolRules;
  /** Scope → every scope that it includes, itself among them. */
  readonly scopeHierarchy: Readonly<Record<string, readonly string[]>>;
  /** Answers a call that a further scope would allow with 403 insufficient_scope instead of hiding the tool. */
  readonly stepUp: boolean;
  readonly pinning: CompiledPinning;
  /** `find_tools` and `call_tool` instead of the whole list. */
  readonly search: boolean;
  readonly maxResultBytes: number;
  /** Whether what tools answer is scanned, for the record. */
  readonly scanResults: boolean;
  /** What happens to a result that is not as its tool's `outputSchema` says. */
  readonly outputSchema: 'off' | 'warn' | 'strict';
  /** Identity provider that MCP clients of this route are sent to, by its name in the policy. */
  readonly authorizationServer?: string;
}

export interface CompiledToolRules {
  /** Globs over the bare name and the exposed one, folded over case and separators. */
  readonly deny: readonly string[];
  /** Absent: every tool that is not denied. */
  readonly allow?: readonly CompiledToolRule[];
}

export interface CompiledToolRule {
  readonly scope?: string;
  /** Globs over the bare name, exactly. Absent: all of them. */
  readonly tools?: readonly string[];
  /** CEL. */
  readonly when?: string;
}

export interface CompiledPinning {
  readonly mode: 'off' | 'warn' | 'enforce';
  /** Server → bare tool name → what was approved. */
  readonly pins: Readonly<Record<string, Readonly<Record<string, PinnedTool>>>>;
}

export interface PinnedTool {
  /** SHA-256 of the canonical JSON (RFC 8785) of the raw definition, in hex. */
  readonly sha256: string;
  /** The definition as it was approved: what clients see. */
  readonly definition: Readonly<Record<string, unknown>>;
}
