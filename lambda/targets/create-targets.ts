import type { CompiledMcp, CompiledMcpServer } from '../../config/compiled-mcp.ts';
import type { OutboundAuth } from '../outbound-auth/outbound-auth.ts';
import type { CatalogStore } from './catalog-store.ts';
import { createHttpTarget } from './http-target.ts';
import type { LinkPorts } from './link.ts';
import { createOpenApiTarget } from './openapi-target.ts';
import type { McpTarget } from './target.ts';

export interface TargetPorts extends LinkPorts {
  /** For the server's `credential`; for listing it is asked with the server's `listCredential` in its place. */
  readonly auth: (server: CompiledMcpServer) => OutboundAuth;
  readonly catalogStore: CatalogStore;
}

/** One target for each server of the policy, by its name. Made once for a process: they keep sessions and lines. */
export const createTargets = (mcp: CompiledMcp, ports: TargetPorts): ReadonlyMap<string, McpTarget> =>
  new Map(Object.values(mcp.servers).map((server) => [server.name, createTarget(server, ports)]));

const createTarget = (server: CompiledMcpServer, ports: TargetPorts): McpTarget =>
  server.type === 'http' ? createHttpTarget(server, ports) : createOpenApiTarget(server, ports);
